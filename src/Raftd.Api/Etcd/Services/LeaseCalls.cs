using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Leases. Those of REST show here too: they are of the same kind, but have names.</summary>
internal static class LeaseCalls
{
    /// <summary>A TTL below the least is raised to it, 0 and less included.</summary>
    public static async ValueTask<Wire.LeaseGrantResponse> GrantAsync(Wire.LeaseGrantRequest request, EtcdCall call)
    {
        if (request.TTL > Bounds.MaxLeaseTtlSeconds)
        {
            EtcdStatus.LeaseTtlTooLarge.Throw();
        }

        var wanted = new LeaseGrantRequest
        {
            Name = "",
            TtlSeconds = Math.Max(request.TTL, Bounds.MinLeaseTtlSeconds),
            Id = request.ID,
            Kind = LeaseKind.Etcd,
        };
        var answer = await call.Keyspace.Leases.GrantAsync(call.Caller, wanted, call.Deadline);
        return new Wire.LeaseGrantResponse { Header = Answers.HeaderOf(call, answer.Revision), ID = answer.Id, TTL = answer.TtlSeconds };
    }

    public static async ValueTask<Wire.LeaseRevokeResponse> RevokeAsync(Wire.LeaseRevokeRequest request, EtcdCall call)
    {
        var answer = await call.Keyspace.Leases.RevokeAsync(call.Caller, request.ID, call.Deadline);
        return new Wire.LeaseRevokeResponse { Header = Answers.HeaderOf(call, answer.Revision) };
    }

    /// <summary>One answer for each request, in their order, until the client sends no more.</summary>
    public static async Task KeepAliveAsync(EtcdCall call)
    {
        while (await call.ReadAsync<Wire.LeaseKeepAliveRequest, long>(KeepAliveReader.ReadId) is { } id)
        {
            await call.WriteAsync<Wire.LeaseKeepAliveResponse, KeepAliveAnswer>(await RenewAsync(id, call));
        }
    }

    public static async ValueTask<Wire.LeaseTimeToLiveResponse> TimeToLiveAsync(Wire.LeaseTimeToLiveRequest request, EtcdCall call)
    {
        const long Gone = -1;
        try
        {
            var answer = await call.Keyspace.Leases.TimeToLiveAsync(call.Caller, request.ID, call.Deadline);
            var response = new Wire.LeaseTimeToLiveResponse
            {
                Header = Answers.HeaderOf(call, answer.Revision),
                ID = answer.Id,
                TTL = answer.TtlSeconds,
                GrantedTTL = answer.GrantedTtlSeconds,
            };
            if (request.Keys)
            {
                response.Keys.AddRange(answer.Keys.Select(key => Answers.Bytes(key.Key)));
            }

            return response;
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.NotFound)
        {
            return new Wire.LeaseTimeToLiveResponse { Header = Answers.HeaderOf(call, call.Keyspace.Cluster.Revision), ID = request.ID, TTL = Gone };
        }
    }

    /// <summary>The one that ends first comes first.</summary>
    public static async ValueTask<Wire.LeaseLeasesResponse> LeasesAsync(EtcdCall call)
    {
        var answer = await call.Keyspace.Leases.LeasesAsync(call.Caller, namePrefix: "", call.Deadline);
        var response = new Wire.LeaseLeasesResponse { Header = Answers.HeaderOf(call, answer.Revision) };
        response.Leases.AddRange(
            answer.Items.OrderBy(lease => lease.TtlSeconds).Select(lease => new Wire.LeaseStatus { ID = lease.Id }));
        return response;
    }

    /// <summary>The revision is that of before; an unknown lease has no time left.</summary>
    private static async ValueTask<KeepAliveAnswer> RenewAsync(long id, EtcdCall call)
    {
        const long Gone = 0;
        var header = call.HeaderOf(call.Keyspace.Cluster.Revision);
        try
        {
            var answer = await call.Keyspace.Leases.KeepAliveAsync(call.Caller, new LeaseKeepAliveRequest { Id = id }, call.Ended);
            return new KeepAliveAnswer(header, id, answer.TtlSeconds);
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.NotFound)
        {
            return new KeepAliveAnswer(header, id, Gone);
        }
    }
}
