namespace Raftd.Contract;

/// <summary>Membership, leadership and health, as seen from this member.</summary>
public interface IClusterService
{
    /// <summary>Adds a member (as a learner, promoted when it has caught up), or finds it as it was added before.</summary>
    /// <exception cref="StoreException">Conflict: the label or an address belongs to another instance.</exception>
    ValueTask<JoinResponse> JoinAsync(JoinRequest request, CancellationToken cancellationToken);

    ValueTask<MemberListResponse> MembersAsync(ReadLevel level, CancellationToken cancellationToken);

    ValueTask RemoveMemberAsync(ulong id, CancellationToken cancellationToken);

    /// <exception cref="StoreException">Conflict: it votes already, or has not caught up.</exception>
    ValueTask PromoteMemberAsync(ulong id, CancellationToken cancellationToken);

    /// <summary>Hands leadership to a member, 0 for the one most up to date; ends when another leads.</summary>
    ValueTask<ulong> TransferLeadershipAsync(ulong to, CancellationToken cancellationToken);

    /// <summary>Everything this member knows of itself. It asks the store for sizes: not for each request.</summary>
    MemberStatus Status();

    /// <summary>The newest revision that this member has applied; 0 before it runs. Costs nothing.</summary>
    long Revision { get; }

    /// <summary>True on the member that leads now, as far as it knows.</summary>
    bool IsLeader { get; }

    /// <summary>The client URL of the leader, null while none is known.</summary>
    string? LeaderUrl { get; }

    /// <summary>The process works: what `/livez` shows.</summary>
    ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken);

    /// <summary>Clients may be sent here: what `/readyz` and `/health` show.</summary>
    ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken);
}
