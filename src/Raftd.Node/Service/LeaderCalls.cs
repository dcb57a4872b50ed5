using Raftd.Contract;
using Raftd.Peers.Forwarding;
using Raftd.State.Leading;

namespace Raftd.Node.Service;

/// <summary>The calls that only a leader of members answers: one line each, for the asking and the answering side.</summary>
internal sealed class LeaderCalls(LeaseKeeper leases, MembershipKeeper members)
{
    public LeaseCalls Leases { get; } = new(leases);

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

    /// <summary>All of them, by the names that they have on the wire.</summary>
    public LeaderCallTable Table()
    {
        var table = new LeaderCallTable(Leases);
        table.Add(Join);
        table.Add(AddMember);
        table.Add(UpdateMember);
        table.Add(RemoveMember);
        table.Add(PromoteMember);
        table.Add(TransferLeadership);
        return table;
    }
}
