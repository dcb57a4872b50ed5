namespace Raftd.Contract;

/// <summary>What a group has that replicates its own log: members who vote, and a log that they share. An engine over a
/// database has none of it.</summary>
public interface IGroupService
{
    /// <summary>Adds a member (as a learner, promoted when it has caught up), or finds it as it was added before.</summary>
    /// <exception cref="StoreException">BadRequest: see <see cref="JoinRequest.Problem"/>. Conflict: the label belongs to
    /// another instance or, where the request has none, to other addresses; or an address belongs to another member.</exception>
    ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken);

    ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken);

    /// <exception cref="StoreException">Conflict: it votes already, or has not caught up.</exception>
    ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken);

    /// <summary>Where this member stands in the group.</summary>
    GroupStatus GroupStatus();
}
