using Raftd.State.Commands;
using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;
using Raftd.Store.Snapshots;

namespace Raftd.Store;

/// <summary>The last flushed state, for a sender of snapshots. Disposing it ends the reader.</summary>
public sealed record OpenedSnapshot(IBucketReader Reader, SnapshotMeta Meta) : IDisposable
{
    public void Dispose() => Reader.Dispose();
}

public sealed partial class StateMachine
{
    /// <summary>A received store and what was loaded from it, while readers of the former state have not ended.</summary>
    private (IBucketStore From, StateCopy State)? _installing;

    /// <summary>A consistent view of what is flushed, with its own meta. Any thread; writes go on meanwhile.</summary>
    /// <returns>A snapshot of index 0 if nothing was ever flushed.</returns>
    /// <exception cref="BucketStoreException">Too many readers, or the state is being replaced: try again.</exception>
    public OpenedSnapshot OpenSnapshot(ulong clusterId)
    {
        IBucketReader reader;
        try
        {
            reader = RecordReader.BeginRead(View().Epoch);
        }
        catch (StateReplacedException replaced)
        {
            throw new BucketStoreException(BucketStoreFault.ReadersOpen, replaced.Message, replaced);
        }

        try
        {
            return new OpenedSnapshot(reader, ReadSnapshotMeta(reader, clusterId, KnownLevel));
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    /// <summary>For SnapshotReceiver: whether what was written is the state that the header speaks of.</summary>
    /// <returns>What is wrong, or null.</returns>
    public static string? VerifySnapshot(IBucketReader reader, SnapshotMeta announced)
    {
        // Whether the level that the header says is known was asked when it came.
        var stored = ReadSnapshotMeta(reader, announced.ClusterId, knownLevel: byte.MaxValue);
        return stored.Equals(announced) ? null : $"the header says {announced}, the state {stored}";
    }

    /// <summary>Replaces the whole state by a received one. On the apply thread, while no flush runs.</summary>
    /// <param name="received">The store of BeginInstall, filled and verified.</param>
    /// <returns>False while readers hold the former state: they have been asked to end. Call again with the same store.</returns>
    /// <remarks>
    /// The new index is built before the switch, so readers are served from the old state until then. From the first call
    /// on, no reader of the old store begins any more, or their stream need never end: what memory does not have is
    /// answered NotReady until the new state is there.
    /// What was applied above the snapshot, if anything, is gone: Raft installs only what is ahead.
    /// </remarks>
    /// <exception cref="BucketStoreException">Corrupt: nothing has changed, abandon the install.</exception>
    public bool TryInstall(IBucketStore received)
    {
        if (_installing is not { } installing || !ReferenceEquals(installing.From, received))
        {
            _installing = installing = (received, StateLoader.Load(received, _options));
        }

        var (_, state) = installing;
        var former = _state;
        Invariant.Check(
            state.Applied.Index > former.Applied.Index,
            $"a snapshot of {state.Applied.Index} over a state of {former.Applied.Index}");
        Invariant.Check(
            former.Executor.UnfinishedEntry is null, $"a snapshot in the middle of entry {former.Executor.UnfinishedEntry}");

        former.Epoch.Replaced = true;
        if (!_directory.TryCompleteInstall())
        {
            return false;
        }

        _installing = null;
        state.Epoch.Store = _directory.Current;
        _state = state;
        AdoptFlushed(state);
        Volatile.Write(ref _view, state.Freeze());
        _observers.ForEach(static observer => observer.OnReplaced());
        return true;
    }

    /// <summary>For SnapshotSender: what is damaged here must not reach a peer.</summary>
    /// <exception cref="BucketStoreException">Corrupt: the pair is not what was stored.</exception>
    public static void VerifyPair(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (StateParts.Of(bucket) is { } part)
        {
            part.Verify(key, value);
        }
        else
        {
            StoredChecksum.Open(bucket, key, value);
        }
    }

    internal static SnapshotMeta ReadSnapshotMeta(IBucketReader reader, ulong clusterId, int knownLevel)
    {
        var meta = StoredMeta.Read(reader, knownLevel);
        if (meta is null)
        {
            return new SnapshotMeta(0, 0, 0, clusterId, default, 0, 1, FeatureLevel.First);
        }

        return new SnapshotMeta(
            meta.Applied.Index,
            meta.Applied.Term,
            meta.Applied.Hash,
            clusterId,
            ConfigurationPart.Read(reader),
            meta.ConfigurationIndex,
            (ulong)meta.Revision,
            meta.FeatureLevel);
    }
}
