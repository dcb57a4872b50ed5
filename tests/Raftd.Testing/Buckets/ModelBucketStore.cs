// The store that the simulator runs members on: an immutable sorted set per bucket, so that a snapshot is a reference
// and a transaction is one assignment. It keeps the rules at the top of IBucketStore.cs and nothing else; in particular a
// crash leaves all of a Write or nothing of it, as LMDB's synced commits do.

using Raftd.Store.Buckets;

namespace Raftd.Testing.Buckets;

/// <summary>A store in memory over a disk that survives it. One thread at a time; readers may be open meanwhile.</summary>
public sealed class ModelBucketStore(ModelDisk disk) : IBucketStore
{
    private BucketStoreException? _failure;
    private bool _disposed;

    public ModelBucketStore()
        : this(new ModelDisk())
    {
    }

    /// <summary>Called at each moment of each Write; throws to crash or to fail there.</summary>
    public Action<ModelWriteMoment>? OnWrite { get; set; }

    /// <summary>Asked before each Write: true runs the batch an extra time and drops that run, as growth of a map does.</summary>
    public Func<bool> RunsBatchTwice { get; set; } = static () => false;

    /// <summary>Asked before each Write: true lets the store grow first, for which it waits until no reader is open.</summary>
    public Func<bool> MustGrow { get; set; } = static () => false;

    /// <summary>What MustYield of the readers answers.</summary>
    public bool AsksReadersToYield { get; set; }

    /// <summary>For the check that no reader is forgotten.</summary>
    public int OpenReaders { get; private set; }

    public long SizeBytes => disk.State.Bytes;

    public long UsedBytes => disk.State.Bytes;

    public IBucketReader BeginRead()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        OpenReaders++;
        return new Reader(this, disk.State);
    }

    public void Write(Action<IBucketWriter> batch)
    {
        if (_disposed || _failure is not null)
        {
            throw new BucketStoreException(
                _failure?.Fault ?? BucketStoreFault.Io, "no write after a failure", _failure);
        }

        try
        {
            OnWrite?.Invoke(ModelWriteMoment.BeforeBatch);
            GrowIfDue();
            if (RunsBatchTwice())
            {
                Run(batch);
            }

            var state = Run(batch);
            OnWrite?.Invoke(ModelWriteMoment.BeforeCommit);
            disk.State = state;
            OnWrite?.Invoke(ModelWriteMoment.AfterCommit);
        }
        catch (ModelCrashException e)
        {
            _failure = new BucketStoreException(BucketStoreFault.Io, e.Message, e);
            throw;
        }
        catch (BucketStoreException e) when (e.Fault == BucketStoreFault.Io)
        {
            _failure = e; // sticky, as in the real one
            throw;
        }
    }

    public void Dispose() => _disposed = true;

    /// <summary>The real one waits for a while before it says so; nothing was kept or changed.</summary>
    private void GrowIfDue()
    {
        AsksReadersToYield |= MustGrow();
        if (AsksReadersToYield && OpenReaders > 0)
        {
            throw new BucketStoreException(BucketStoreFault.ReadersOpen, $"{OpenReaders} readers are open and the store has to grow");
        }

        AsksReadersToYield = false;
    }

    private ModelBucketState Run(Action<IBucketWriter> batch)
    {
        var writer = new Writer(disk.State);
        batch(writer);
        writer.HasEnded = true;
        return writer.State;
    }

    private sealed class Reader(ModelBucketStore store, ModelBucketState state) : IBucketReader
    {
        private bool _disposed;

        public bool MustYield => store.AsksReadersToYield;

        public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
            State().TryGet(bucket, key, out value);

        public long Count(Bucket bucket) => State()[bucket].Count;

        public IBucketCursor OpenCursor(Bucket bucket) => new ModelCursor(() => State()[bucket]);

        public void Dispose()
        {
            if (!_disposed)
            {
                _disposed = true;
                store.OpenReaders--;
            }
        }

        private ModelBucketState State()
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return state;
        }
    }

    private sealed class Writer(ModelBucketState state) : IBucketWriter
    {
        private readonly List<ModelCursor> _cursors = [];
        private ModelBucketState _state = state;

        public bool HasEnded { get; set; }

        public ModelBucketState State => _state;

        public void Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
            BeginChange();
            _state = _state.Put(bucket, key, value);
        }

        public bool Delete(Bucket bucket, ReadOnlySpan<byte> key)
        {
            BeginChange();
            _state = _state.Delete(bucket, key, out var existed);
            return existed;
        }

        public int DeleteRange(Bucket bucket, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int maxPairs)
        {
            using var cursor = new ModelCursor(() => _state[bucket]);
            var deleted = 0;
            while (deleted < maxPairs && cursor.Seek(low)
                && (high.IsEmpty || cursor.Key.SequenceCompareTo(high) < 0))
            {
                Delete(bucket, cursor.Key);
                deleted++;
            }

            BeginChange();
            return deleted;
        }

        public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
            Live().TryGet(bucket, key, out value);

        public IBucketCursor OpenCursor(Bucket bucket)
        {
            var cursor = new ModelCursor(() => Live()[bucket]);
            _cursors.Add(cursor);
            return cursor;
        }

        private void BeginChange()
        {
            _ = Live();
            _cursors.ForEach(static c => c.Forget());
        }

        private ModelBucketState Live()
        {
            ObjectDisposedException.ThrowIf(HasEnded, this);
            return _state;
        }
    }
}
