using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.State.Commands;

/// <summary>The state as commands see and change it, on any engine. One thread.</summary>
/// <param name="keyspace">The engine's.</param>
/// <param name="leases">The engine's.</param>
/// <param name="hash">The chain that both add their changes to.</param>
/// <param name="applied">Where the state stands.</param>
public sealed class WorkingState(IKeyspace keyspace, ILeaseTable leases, StateHash hash, AppliedState applied)
{
    public IKeyspace Keyspace { get; } = keyspace;

    public ILeaseTable Leases { get; } = leases;

    /// <summary>What has happened to leases since the last publish, in order.</summary>
    public List<LeaseChange> LeaseChanges { get; } = [];

    public LeaseApplier LeaseApplier => field ??= new LeaseApplier(Keyspace, Leases, LeaseChanges);

    public StateHash Hash { get; } = hash;

    public AppliedState Applied { get; internal set; } = applied;

    /// <summary>Of the entry that is being applied: its Raft term.</summary>
    public ulong EntryTerm { get; internal set; }

    /// <summary>Of the entry that is being applied: a client of this member waits for its answer.</summary>
    public bool IsAsked { get; internal set; }

    /// <summary>Ordered. Replaced, never changed: readers hold it.</summary>
    public Alarm[] Alarms
    {
        get;
        set
        {
            field = value;
            RefusesWrites = Array.Exists(value, static alarm => alarm.RefusesWrites);
        }
    } = [];

    /// <summary>Puts and grants are refused: an alarm stands that says so.</summary>
    public bool RefusesWrites { get; private set; }

    /// <summary>The cluster's feature level.</summary>
    public int FeatureLevel { get; set; } = Commands.FeatureLevel.First;

    /// <summary>Of the group, as its engine writes it; opaque here.</summary>
    public byte[] Configuration { get; set; } = [];

    /// <summary>The entry that brought it; 0 before the first.</summary>
    public ulong ConfigurationIndex { get; set; }
}
