using Raftd.Contract;

namespace Raftd.State.Rights;

/// <summary>As RightsGuard, for an engine that is a group.</summary>
public sealed class GroupRightsGuard(IGroupService group) : IGroupService
{
    public ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return group.JoinAsync(caller, request, cancellationToken);
    }

    public ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return group.AddMemberAsync(caller, request, cancellationToken);
    }

    public ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return group.UpdateMemberAsync(caller, request, cancellationToken);
    }

    public ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return group.RemoveMemberAsync(caller, id, cancellationToken);
    }

    public ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return group.PromoteMemberAsync(caller, id, cancellationToken);
    }

    public GroupStatus GroupStatus() => group.GroupStatus();
}
