using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Elections: the client whose turn it is leads, and the value of its key is what it proclaims.</summary>
internal sealed class ElectionCalls(Turns turns)
{
    private static readonly EtcdStatus NotLeader = new(GrpcCode.Unknown, "election: not leader");
    private static readonly EtcdStatus NoLeader = new(GrpcCode.Unknown, "election: no leader");
    private static readonly EtcdStatus LeaderMissing = new(GrpcCode.Unknown, "\"leader\" field must be provided");

    /// <summary>A client that campaigns again with another value proclaims it.</summary>
    public async ValueTask<Wire.Elections.CampaignResponse> CampaignAsync(Wire.Elections.CampaignRequest request, EtcdCall call)
    {
        var place = await turns.TakeAsync(call, request.Name.Memory, request.Lease, request.Value.Memory);
        if (!place.IsNew && !place.Value.Span.SequenceEqual(request.Value.Span))
        {
            await ChangeAsync(call, place.Key, place.CreateRevision, PutOf(place.Key, request.Value.Memory, place.Lease), NotLeader);
        }

        await turns.AwaitAsync(call, place);
        return new Wire.Elections.CampaignResponse
        {
            Header = Answers.HeaderOf(call, place.Revision),
            Leader = new Wire.Elections.LeaderKey
            {
                Name = request.Name,
                Key = Answers.Bytes(place.Key),
                Rev = place.CreateRevision,
                Lease = place.Lease,
            },
        };
    }

    public static async ValueTask<Wire.Elections.ProclaimResponse> ProclaimAsync(Wire.Elections.ProclaimRequest request, EtcdCall call)
    {
        var leader = Given(request.Leader);
        var put = PutOf(leader.Key.Memory, request.Value.Memory, leader.Lease);
        return new Wire.Elections.ProclaimResponse
        {
            Header = Answers.HeaderOf(call, await ChangeAsync(call, leader.Key.Memory, leader.Rev, put, NotLeader)),
        };
    }

    /// <summary>Of a client that leads no more it changes nothing.</summary>
    public static async ValueTask<Wire.Elections.ResignResponse> ResignAsync(Wire.Elections.ResignRequest request, EtcdCall call)
    {
        var leader = Given(request.Leader);
        var delete = new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = leader.Key.Memory } };
        return new Wire.Elections.ResignResponse
        {
            Header = Answers.HeaderOf(call, await ChangeAsync(call, leader.Key.Memory, leader.Rev, delete, otherwise: null)),
        };
    }

    public static async ValueTask<Wire.Elections.LeaderResponse> LeaderAsync(Wire.Elections.LeaderRequest request, EtcdCall call)
    {
        var answer = await call.Keyspace.Keys.RangeAsync(call.Caller, Turns.First(Turns.PrefixOf(request.Name.Span)), call.Deadline);
        if (answer.Items.Count == 0)
        {
            NoLeader.Throw();
        }

        return AnswerOf(call, answer.Revision, answer.Items[0]);
    }

    /// <summary>The leader now, then each value that a leader proclaims, and each new leader.</summary>
    public static async Task ObserveAsync(Wire.Elections.LeaderRequest request, EtcdCall call)
    {
        var prefix = Turns.PrefixOf(request.Name.Span);
        while (true)
        {
            await ObserveAsync(prefix, call);
        }
    }

    /// <summary>Until the changes can no longer be followed without a gap.</summary>
    private static async Task ObserveAsync(byte[] prefix, EtcdCall call)
    {
        var now = await call.Keyspace.Keys.RangeAsync(
            call.Caller, new RangeRequest { Key = prefix, RangeEnd = Turns.EndOf(prefix) }, call.Ended);
        var candidates = now.Items.ToDictionary(item => item.CreateRevision);
        var told = await TellAsync(candidates, now.Revision, told: 0, call);

        using var session = call.Keyspace.Watches.OpenWatches(call.Caller);
        session.Create(new WatchRequest { Key = prefix, RangeEnd = Turns.EndOf(prefix), StartRevision = now.Revision + 1 });
        while (await session.ReadAsync(call.Ended) is { Kind: not WatchMessageKind.Canceled } message)
        {
            foreach (var change in message.Events)
            {
                Apply(change, candidates);
                told = await TellAsync(candidates, message.Revision, told, call);
            }
        }
    }

    private static void Apply(WatchEvent change, Dictionary<long, KeyValue> candidates)
    {
        if (!change.IsDelete)
        {
            candidates[change.Key.CreateRevision] = change.Key;
            return;
        }

        foreach (var (created, item) in candidates)
        {
            if (item.Key.Span.SequenceEqual(change.Key.Key.Span))
            {
                candidates.Remove(created);
                return;
            }
        }
    }

    /// <returns>The mod revision of what has been told last.</returns>
    private static async ValueTask<long> TellAsync(Dictionary<long, KeyValue> candidates, long revision, long told, EtcdCall call)
    {
        if (candidates.Count == 0)
        {
            return told;
        }

        var leader = candidates[candidates.Keys.Min()];
        if (leader.ModRevision != told)
        {
            await call.WriteAsync(AnswerOf(call, revision, leader));
        }

        return leader.ModRevision;
    }

    /// <summary>Changes the leader's key, if it is still the one that was created at this revision.</summary>
    private static async ValueTask<long> ChangeAsync(
        EtcdCall call, ReadOnlyMemory<byte> key, long createRevision, TxnOperation change, EtcdStatus? otherwise)
    {
        if (key.IsEmpty)
        {
            (EtcdStatus.EmptyKey with { Code = GrpcCode.Unknown }).Throw();
        }

        var answer = await call.Keyspace.Keys.TxnAsync(
            call.Caller, new TxnRequest { Compares = [Turns.IsCreatedAt(key, createRevision)], Success = [change] }, call.Deadline);
        if (!answer.Succeeded)
        {
            otherwise?.Throw();
        }

        return answer.Revision;
    }

    private static TxnOperation PutOf(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, long lease) =>
        new() { Put = new PutRequest { Key = key, Value = value, Lease = lease } };

    private static Wire.Elections.LeaderKey Given(Wire.Elections.LeaderKey? leader) => leader ?? throw new EtcdException(LeaderMissing);

    private static Wire.Elections.LeaderResponse AnswerOf(EtcdCall call, long revision, KeyValue leader) =>
        new() { Header = Answers.HeaderOf(call, revision), Kv = Answers.Of(leader) };
}
