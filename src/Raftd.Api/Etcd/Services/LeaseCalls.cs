using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Leases. Those of REST show here too: they are of the same kind, but have names.</summary>
internal sealed class LeaseCalls(ApiServices services)
{
    private readonly ILeaseService _leases = services.Leases;

    /// <summary>A TTL below the least is raised to it, 0 and less included.</summary>
    public async ValueTask<Wire.LeaseGrantResponse> GrantAsync(Wire.LeaseGrantRequest request, EtcdCall call)
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
        var answer = await _leases.GrantAsync(call.Caller, wanted, call.Deadline);
        return new Wire.LeaseGrantResponse { Header = HeaderOf(answer.Revision), ID = answer.Id, TTL = answer.TtlSeconds };
    }

    public async ValueTask<Wire.LeaseRevokeResponse> RevokeAsync(Wire.LeaseRevokeRequest request, EtcdCall call)
    {
        var answer = await _leases.RevokeAsync(call.Caller, request.ID, call.Deadline);
        return new Wire.LeaseRevokeResponse { Header = HeaderOf(answer.Revision) };
    }

    /// <summary>One answer for each request, in their order, until the client sends no more.</summary>
    public async Task KeepAliveAsync(EtcdCall call)
    {
        while (await call.ReadAsync<Wire.LeaseKeepAliveRequest, long>(KeepAliveReader.ReadId) is { } id)
        {
            await call.WriteAsync<Wire.LeaseKeepAliveResponse, KeepAliveAnswer>(await RenewAsync(id, call));
        }
    }

    public async ValueTask<Wire.LeaseTimeToLiveResponse> TimeToLiveAsync(Wire.LeaseTimeToLiveRequest request, EtcdCall call)
    {
        const long Gone = -1;
        try
        {
            var answer = await _leases.TimeToLiveAsync(call.Caller, request.ID, call.Deadline);
            var response = new Wire.LeaseTimeToLiveResponse
            {
                Header = HeaderOf(answer.Revision),
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
            return new Wire.LeaseTimeToLiveResponse { Header = HeaderOf(services.Cluster.Revision), ID = request.ID, TTL = Gone };
        }
    }

    /// <summary>The one that ends first comes first.</summary>
    public async ValueTask<Wire.LeaseLeasesResponse> LeasesAsync(EtcdCall call)
    {
        var answer = await _leases.LeasesAsync(call.Caller, namePrefix: "", call.Deadline);
        var response = new Wire.LeaseLeasesResponse { Header = HeaderOf(answer.Revision) };
        response.Leases.AddRange(
            answer.Items.OrderBy(lease => lease.TtlSeconds).Select(lease => new Wire.LeaseStatus { ID = lease.Id }));
        return response;
    }

    /// <summary>The revision is that of before; an unknown lease has no time left.</summary>
    private async ValueTask<KeepAliveAnswer> RenewAsync(long id, EtcdCall call)
    {
        const long Gone = 0;
        var header = new AnswerHeader(services.Cluster.Origin, services.Cluster.Revision);
        try
        {
            var answer = await _leases.KeepAliveAsync(call.Caller, new LeaseKeepAliveRequest { Id = id }, call.Ended);
            return new KeepAliveAnswer(header, id, answer.TtlSeconds);
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.NotFound)
        {
            return new KeepAliveAnswer(header, id, Gone);
        }
    }

    private Wire.ResponseHeader HeaderOf(long revision) => Answers.HeaderOf(services.Cluster, revision);
}
