using Raftd.Contract;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

/// <summary>Everything that takes the store from its last applied index to this one. Never changes; given to Flush.</summary>
public sealed class FrozenOverlay
{
    private readonly WorkingState _state;

    internal FrozenOverlay(WorkingState state, Overlay records, Revision[] dead)
    {
        _state = state;
        Records = records;
        Dead = dead;
        DeletesThrough = state.Keyspace.HasDead ? 0 : state.Keyspace.CompactRevision;
        Meta = new StoredMeta(
            state.FeatureLevel,
            state.Applied,
            state.Keyspace.Revision,
            state.Keyspace.CompactRevision,
            state.Keyspace.LogicalBytes,
            state.ConfigurationIndex);
        (Leases, LeaseKeys) = state.Leases.TakeUnflushed();
        Alarms = state.Alarms;
        Configuration = state.Configuration;
    }

    /// <summary>The applied state that the store will have.</summary>
    public AppliedState Applied => Meta.Applied;

    internal StateEpoch Epoch => _state.Epoch;

    internal Overlay Records { get; }

    internal StoredMeta Meta { get; }

    internal Dictionary<long, LeaseRecord?> Leases { get; }

    internal Dictionary<LeaseKeyId, LeaseKeyRecord?> LeaseKeys { get; }

    internal Alarm[] Alarms { get; }

    internal byte[] Configuration { get; }

    /// <summary>Compacted history to delete; the compaction itself is in Meta or was flushed before.</summary>
    internal Revision[] Dead { get; }

    /// <summary>With it, everything that compactions up to this revision killed is deleted; 0 while some is left for later.</summary>
    internal long DeletesThrough { get; }
}
