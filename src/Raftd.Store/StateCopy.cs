using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>All state that apply changes, as one value, so that installing a snapshot replaces it as one value.</summary>
internal sealed class StateCopy
{
    public StateCopy(IBucketStore store, StoreOptions options, AppliedState applied)
    {
        Options = options;
        Epoch = new StateEpoch(store, new ValueCache(options.CacheBytes));
        var hash = new StateHash(applied.Hash);
        Keyspace = new Keyspace(Epoch, hash);
        Leases = new LeaseTable(hash, Keyspace.Count);
        Working = new WorkingState(Keyspace, Leases, hash, applied);
        Executor = new CommandExecutor(Working, options.KnownLevel, options.SliceKeys);
    }

    public StoreOptions Options { get; }

    public StateEpoch Epoch { get; }

    public Keyspace Keyspace { get; }

    public LeaseTable Leases { get; }

    /// <summary>The same state as commands see it; alarms, configuration and level are there alone.</summary>
    public WorkingState Working { get; }

    public CommandExecutor Executor { get; }

    public AppliedState Applied => Working.Applied;

    public StateView Freeze()
    {
        var view = new StateView(Epoch, Applied, Working.FeatureLevel);
        foreach (var part in StateParts.All)
        {
            part.ShowIn(view, this);
        }

        return view;
    }

    public StoredMeta ToMeta() => new(
        Working.FeatureLevel,
        Applied,
        Keyspace.Revision,
        Keyspace.CompactRevision,
        Keyspace.LogicalBytes,
        Working.ConfigurationIndex);
}
