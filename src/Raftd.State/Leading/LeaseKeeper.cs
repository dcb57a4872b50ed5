// What the leader answers about leases.
//
// Times are known to the leader alone, so each of these calls begins with a proof of leadership (in a group of Raft a round
// of heartbeats, ReadIndex): a member that was deposed without knowing must neither acknowledge a renewal nor tell a
// remaining time. Only then is the renewal counted, in memory; the log hears of it when the state has to change.

using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Timekeeping;
using Raftd.State.Views;

namespace Raftd.State.Leading;

/// <summary>Answers for the leases while this process leads; any engine's.</summary>
public sealed class LeaseKeeper(
    IBarrier barrier, IProposer proposer, IReplicatedState state, IKeyLookup keys, Lessor lessor, long maxLeaseKeys)
{
    /// <summary>Told of each renewal that needed no entry, as it happens: for those who look on.</summary>
    public Action<LeaseKeepAliveRequest> Renewing { get; set; } = static _ => { };

    public async ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(Caller caller, LeaseKeepAliveRequest request)
    {
        if (request is { Key: null, Data: not null })
        {
            // Apply says the same; but such a renewal needs no entry, and would never come before it.
            throw new ErrorResult(state.View().Revision, ApplyError.DataWithoutKey).ToException();
        }

        await ConfirmLeadershipAsync();
        while (true)
        {
            var renewal = lessor.TryRenew(request.Id, request.Key, request.Data, await HeldAsync(request));
            switch (renewal.Status)
            {
                case RenewStatus.Renewed:
                    Renewing(request);
                    return Renewed(request.Id, renewal.TtlSeconds);
                case RenewStatus.NotFound:
                    throw new StoreException(
                        ErrorCode.NotFound,
                        $"no lease has the id {request.Id}",
                        "grant a new lease: this one has expired or was revoked");
                case RenewStatus.KeyNotFound:
                    throw new StoreException(
                        ErrorCode.NotFound, $"lease {request.Id} has no such key", "send the key together with its data");
                case RenewStatus.NeedsEntry:
                    return await RenewThroughLogAsync(caller, request);
                case RenewStatus.Wait:
                    // Its expiry is in the log: what apply makes of it decides, not this member's clock. The wait ends at the
                    // latest with this leadership.
                    await renewal.Outcome!;
                    break;
                default:
                    throw new NotLeaderException("this member does not keep the leases");
            }
        }
    }

    public async ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(long id)
    {
        await ConfirmLeadershipAsync();
        return lessor.TimeToLive(id) ?? throw new StoreException(ErrorCode.NotFound, $"no lease has the id {id}");
    }

    public async ValueTask<LeasedKeysResponse> LeasedKeysAsync(LeasedKeysRequest request)
    {
        await ConfirmLeadershipAsync();
        return await LeasedKeyListing.ReadAsync(lessor.LeasedKeys(request), keys, request.MaxBytes);
    }

    public async ValueTask<LeaseListResponse> LeasesAsync(string namePrefix)
    {
        await ConfirmLeadershipAsync();
        return lessor.Leases(namePrefix);
    }

    /// <summary>What the key holds that a renewal brings data for.</summary>
    private async ValueTask<KeyItem?> HeldAsync(LeaseKeepAliveRequest request) =>
        request is { Key: { } key, Data: not null } && lessor.FullKeyOf(request.Id, key.Span) is { } fullKey
            ? await keys.FindAsync(fullKey)
            : null;

    private async Task ConfirmLeadershipAsync()
    {
        if (!barrier.IsPromoted)
        {
            throw new NotLeaderException("this member does not lead, or not long enough to speak for leases");
        }

        if (!await barrier.LeadershipBarrierAsync())
        {
            throw new NotLeaderException("leadership could not be confirmed in time");
        }
    }

    /// <summary>Renews by an entry, whether the state needs one or not: so it is done where this process does not lead, too.</summary>
    public async Task<LeaseKeepAliveResponse> RenewThroughLogAsync(Caller caller, LeaseKeepAliveRequest request)
    {
        var commands = new CommandFactory(caller, state.View().FeatureLevel);
        var result = Refusals.Result(await proposer.ProposeAsync(commands.LeaseKeepAlive(request, maxLeaseKeys)));
        return result switch
        {
            LeaseKeepAliveResult renewed => new LeaseKeepAliveResponse
            {
                Revision = renewed.Revision,
                Id = renewed.Id,
                TtlSeconds = renewed.TtlSeconds,
            },
            ErrorResult error => throw error.ToException(),
            _ => throw Wrong(result),
        };
    }

    private LeaseKeepAliveResponse Renewed(long id, long ttlSeconds) =>
        new() { Revision = state.View().Revision, Id = id, TtlSeconds = ttlSeconds };

    private static InvariantViolationException Wrong(CommandResult result) =>
        new InvariantViolationException($"a keepalive was answered with {result.GetType().Name}");
}
