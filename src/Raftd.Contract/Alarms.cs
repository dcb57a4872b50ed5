// Alarms are part of the replicated state: an entry raises one, an entry clears it, and all members agree on what stands.
// The numbers are stored and travel in entries; they never change.

namespace Raftd.Contract;

public enum AlarmKind : byte
{
    /// <summary>There is no room, or none is to be taken. What refuses writes is the cause's to say.</summary>
    NoSpace = 1,

    /// <summary>The member's state contradicts the others'.</summary>
    Corrupt = 2,
}

/// <summary>Why an alarm was raised, and with that who clears it.</summary>
public enum AlarmCause : byte
{
    /// <summary>Live data leave no room within the quota. The leader refuses what does not fit with or without the alarm;
    /// it raises and clears the alarm. Member 0: the quota is the cluster's.</summary>
    Quota = 1,

    /// <summary>A member's disk has no room for its log: puts and grants are refused; reads, deletes, revokes and
    /// compaction pass. The leader raises and clears it.</summary>
    Disk = 2,

    /// <summary>An operator's: refuses as Disk does, and stays until it is disarmed.</summary>
    Operator = 3,

    /// <summary>A member's hash chain differs from the leader's.</summary>
    Divergence = 4,
}

/// <summary>An alarm that stands.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Cause">Why, and who clears it.</param>
/// <param name="MemberId">The member concerned, 0 for the whole cluster.</param>
public readonly record struct Alarm(AlarmKind Kind, AlarmCause Cause, ulong MemberId) : IComparable<Alarm>
{
    /// <summary>Puts and grants are refused in apply while it stands.</summary>
    public bool RefusesWrites => Kind == AlarmKind.NoSpace && Cause is AlarmCause.Disk or AlarmCause.Operator;

    public int CompareTo(Alarm other) => (Kind, Cause, MemberId).CompareTo((other.Kind, other.Cause, other.MemberId));
}
