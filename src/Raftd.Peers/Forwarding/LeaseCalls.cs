using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Peers.Forwarding;

/// <summary>What only a leader answers about leases: one line each, for the asking and the answering side.</summary>
/// <remarks>A caller's rights to a read are checked where it was taken; those to a change again in apply, so the caller goes
/// on into what a call proposes.</remarks>
internal sealed class LeaseCalls(LeaseKeeper leases)
{
    public LeaderCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> KeepAlive { get; } = new(
        "lease-keepalive", CallJson.Default.LeaseKeepAliveRequest, CallJson.Default.LeaseKeepAliveResponse,
        ChangesState: true, leases.KeepAliveAsync);

    public LeaderCall<long, LeaseTimeToLiveResponse> TimeToLive { get; } = new(
        "lease-timetolive", CallJson.Default.Int64, CallJson.Default.LeaseTimeToLiveResponse,
        ChangesState: false, (_, id) => leases.TimeToLiveAsync(id));

    public LeaderCall<LeasedKeysRequest, LeasedKeysResponse> LeasedKeys { get; } = new(
        "lease-keys", CallJson.Default.LeasedKeysRequest, CallJson.Default.LeasedKeysResponse,
        ChangesState: false, (_, request) => leases.LeasedKeysAsync(request));

    public LeaderCall<string, LeaseListResponse> Leases { get; } = new(
        "leases", CallJson.Default.String, CallJson.Default.LeaseListResponse,
        ChangesState: false, (_, prefix) => leases.LeasesAsync(prefix));
}
