namespace Raftd.Contract;

/// <summary>Members, leadership, alarms and health, as this member sees them; the same for every engine.</summary>
/// <remarks>What the member knows of itself, and who leads, has no caller: operators, probes and clients that seek the leader
/// need it, with or without rights.</remarks>
public interface IClusterService
{
    /// <summary>The committed members: never one whose addition may yet be rolled back, and one that is being removed until
    /// that is committed.</summary>
    ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken);

    /// <summary>Hands leadership to a member, 0 for the one most up to date; ends when another leads.</summary>
    ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken);

    /// <summary>The alarms that stand, by kind, cause and member.</summary>
    ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken);

    /// <summary>An operator raises an alarm for the whole cluster; it stays until it is disarmed.</summary>
    ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken);

    /// <summary>Clears all alarms of a kind, of any cause. What still holds is raised again at once.</summary>
    ValueTask DisarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken);

    /// <summary>Everything this member knows of itself. It asks the store for sizes: not for each request.</summary>
    MemberStatus Status();

    /// <summary>What the engine takes at most. Costs nothing.</summary>
    EngineLimits Limits { get; }

    /// <summary>The newest revision that this member has applied; 0 before it runs. Costs nothing.</summary>
    long Revision { get; }

    /// <summary>Who answers, as far as it is known. Costs nothing.</summary>
    Origin Origin { get; }

    /// <summary>True on the member that leads now, as far as it knows.</summary>
    bool IsLeader { get; }

    /// <summary>The client URL of the leader, null while none is known.</summary>
    string? LeaderUrl { get; }

    /// <summary>The process works: what `/livez` shows.</summary>
    ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken);

    /// <summary>Clients may be sent here: what `/readyz` and `/health` show.</summary>
    ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken);
}
