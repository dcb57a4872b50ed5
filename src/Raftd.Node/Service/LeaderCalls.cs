using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Node.Service;

/// <summary>The table of calls that only a leader answers: one line each, for the asking and the answering side.</summary>
internal sealed class LeaderCalls(LeaseKeeper leases, MembershipKeeper members)
{
    public LeaderCall<LeaseKeepAliveRequest, LeaseKeepAliveResponse> KeepAlive { get; } = new(
        "lease-keepalive", CallJson.Default.LeaseKeepAliveRequest, CallJson.Default.LeaseKeepAliveResponse,
        ChangesState: true, leases.KeepAliveAsync);

    public LeaderCall<long, LeaseTimeToLiveResponse> TimeToLive { get; } = new(
        "lease-timetolive", CallJson.Default.Int64, CallJson.Default.LeaseTimeToLiveResponse,
        ChangesState: false, leases.TimeToLiveAsync);

    public LeaderCall<LeasedKeysRequest, LeasedKeysResponse> LeasedKeys { get; } = new(
        "lease-keys", CallJson.Default.LeasedKeysRequest, CallJson.Default.LeasedKeysResponse,
        ChangesState: false, leases.LeasedKeysAsync);

    public LeaderCall<string, LeaseListResponse> Leases { get; } = new(
        "leases", CallJson.Default.String, CallJson.Default.LeaseListResponse,
        ChangesState: false, leases.LeasesAsync);

    public LeaderCall<JoinRequest, JoinResponse> Join { get; } = new(
        "join", CallJson.Default.JoinRequest, CallJson.Default.JoinResponse,
        ChangesState: true, members.JoinAsync);

    public LeaderCall<ulong, Nothing> RemoveMember { get; } = new(
        "member-remove", CallJson.Default.UInt64, CallJson.Default.Nothing,
        ChangesState: true, members.RemoveAsync);

    public LeaderCall<ulong, Nothing> PromoteMember { get; } = new(
        "member-promote", CallJson.Default.UInt64, CallJson.Default.Nothing,
        ChangesState: true, members.PromoteAsync);

    public LeaderCall<ulong, ulong> TransferLeadership { get; } = new(
        "leader-transfer", CallJson.Default.UInt64, CallJson.Default.UInt64,
        ChangesState: true, members.TransferAsync);
}
