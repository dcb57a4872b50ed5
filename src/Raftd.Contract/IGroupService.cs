namespace Raftd.Contract;

/// <summary>What a group has that replicates its own log: members who vote, and a log that they share. An engine over a
/// database has none of it.</summary>
public interface IGroupService
{
    /// <summary>Adds a member (as a learner, promoted when it has caught up), or finds it as it was added before.</summary>
    /// <exception cref="StoreException">BadRequest: see <see cref="JoinRequest.Problem"/>. Conflict: the label belongs to
    /// another instance or, where the request has none, to other addresses; or an address belongs to another member.</exception>
    ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken);

    /// <summary>Adds a member that is still to be started, as a learner. The first directory that joins from its peer address gives
    /// it its label and its client address.</summary>
    /// <returns>The member, without a label and a client address.</returns>
    /// <exception cref="StoreException">BadRequest: see <see cref="MemberAddRequest.Problem"/>. AddressTaken.</exception>
    ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken);

    /// <summary>The other members dial this one at another address from now on. A running member tells them the address that it
    /// was started with, and that wins.</summary>
    /// <exception cref="StoreException">BadRequest: see <see cref="MemberUpdateRequest.Problem"/>. NotFound. AddressTaken.</exception>
    ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken);

    ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken);

    /// <exception cref="StoreException">Conflict: it votes already, or has not caught up.</exception>
    ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken);

    /// <summary>Where this member stands in the group.</summary>
    GroupStatus GroupStatus();
}
