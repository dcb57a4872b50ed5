using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Node.Service;

/// <summary>The table of calls that only a leader answers: one line each, for the asking and the answering side.</summary>
/// <remarks>A caller's rights to a read are checked where it was taken; those to a change again in apply, so the caller goes
/// on into what a call proposes.</remarks>
internal sealed class LeaderCalls(LeaseKeeper leases, MembershipKeeper members)
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

    public LeaderCall<JoinRequest, JoinResponse> Join { get; } = new(
        "join", CallJson.Default.JoinRequest, CallJson.Default.JoinResponse,
        ChangesState: true, (_, request) => members.JoinAsync(request));

    public LeaderCall<MemberAddRequest, Member> AddMember { get; } = new(
        "member-add", CallJson.Default.MemberAddRequest, CallJson.Default.Member,
        ChangesState: true, (_, request) => members.AddAsync(request));

    public LeaderCall<MemberUpdateRequest, Nothing> UpdateMember { get; } = new(
        "member-update", CallJson.Default.MemberUpdateRequest, CallJson.Default.Nothing,
        ChangesState: true, (_, request) => members.UpdateAsync(request));

    public LeaderCall<ulong, Nothing> RemoveMember { get; } = new(
        "member-remove", CallJson.Default.UInt64, CallJson.Default.Nothing,
        ChangesState: true, (_, id) => members.RemoveAsync(id));

    public LeaderCall<ulong, Nothing> PromoteMember { get; } = new(
        "member-promote", CallJson.Default.UInt64, CallJson.Default.Nothing,
        ChangesState: true, (_, id) => members.PromoteAsync(id));

    public LeaderCall<ulong, ulong> TransferLeadership { get; } = new(
        "leader-transfer", CallJson.Default.UInt64, CallJson.Default.UInt64,
        ChangesState: true, (_, to) => members.TransferAsync(to));
}
