using Raftd.Contract;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

/// <summary>All state that apply changes, as one value, so that installing a snapshot replaces it as one value.</summary>
internal sealed class WorkingState
{
    public WorkingState(StateEpoch epoch, AppliedState applied)
    {
        Epoch = epoch;
        Applied = applied;
        Hash = new StateHash(applied.Hash);
        Keyspace = new Keyspace(epoch, Hash);
        Leases = new LeaseTable(Hash, Keyspace);
        LeaseApplier = new LeaseApplier(Keyspace, Leases);
    }

    public StateEpoch Epoch { get; }

    public StateHash Hash { get; }

    public Keyspace Keyspace { get; }

    public LeaseTable Leases { get; }

    public LeaseApplier LeaseApplier { get; }

    public AppliedState Applied { get; set; }

    /// <summary>Of the entry that is being applied: its Raft term.</summary>
    public ulong EntryTerm { get; set; }

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

    public byte[] Configuration { get; set; } = [];

    public ulong ConfigurationIndex { get; set; }

    public KeyspaceView Freeze() => new(
        Epoch,
        Keyspace.Index.Freeze(),
        Leases.ById.Freeze(),
        Leases.ByName.Freeze(),
        Leases.Keys.Freeze())
    {
        Revision = Keyspace.Revision,
        CompactRevision = Keyspace.CompactRevision,
        LogicalBytes = Keyspace.LogicalBytes,
        HistoryBytes = Keyspace.HistoryBytes,
        Applied = Applied,
        Alarms = Alarms,
        FeatureLevel = FeatureLevel,
        Configuration = Configuration,
        ConfigurationIndex = ConfigurationIndex,
    };
}
