using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IGroupService
{
    public ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Join, caller, request).WaitAsync(cancellationToken));

    public ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.AddMember, caller, request).WaitAsync(cancellationToken));

    public async ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken) =>
        await _router.CallAsync(_calls.UpdateMember, caller, request).WaitAsync(cancellationToken);

    public async ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) =>
        await _router.CallAsync(_calls.RemoveMember, caller, id).WaitAsync(cancellationToken);

    public async ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) =>
        await _router.CallAsync(_calls.PromoteMember, caller, id).WaitAsync(cancellationToken);

    public GroupStatus GroupStatus()
    {
        var status = _replica.Status;
        var applied = _state.View().Applied;
        return new GroupStatus
        {
            Role = RoleOf(status),
            Term = status.Term,
            CommitIndex = status.Commit,
            AppliedIndex = applied.Index,
            AppliedHash = applied.Hash,
            LogBytes = _log.SizeBytes,
        };
    }

    private static MemberRole RoleOf(ReplicaStatus status) => status.Role switch
    {
        RaftRole.Leader => MemberRole.Leader,
        RaftRole.Follower => status.IsLearner ? MemberRole.Learner : MemberRole.Follower,
        _ => MemberRole.Candidate,
    };
}
