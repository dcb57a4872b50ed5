using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Store;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

public sealed class FlusherTests
{
    /// <summary>A reader that keeps the store from growing is waited for: nothing is lost, and nothing stops.</summary>
    [Fact]
    public void Store_MustGrowAndReadersAreOpen_FlushIsTriedAgainAtEachTick()
    {
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        using var state = StateMachine.Open(directory, new StoreOptions());
        using var wal = WriteAheadLog.Open(
            new MemoryFileSystem(), "/wal", new WalOptions { SegmentSizeBytes = 64 << 10, MaxRecordBytes = 8 << 10, ReserveBytes = 4096 });
        var log = new LogWriter(wal, new NoTransport(), retentionBytes: 0, NullLogger.Instance);
        using var defragmenter = new Defragmenter(directory, NullLogger.Instance);
        var flusher = new Flusher(state, wal, log, defragmenter, NullLogger.Instance);
        state.Apply(1, term: 1, By.Nobody.Put(new PutRequest { Key = new byte[] { 1 }, Value = new byte[10] }));
        state.Publish();
        Assert.True(state.TryFreeze(out var frozen));

        var store = (ModelBucketStore)directory.Current;
        var mustGrow = true;
        store.MustGrow = () => mustGrow;
        var reader = store.BeginRead();
        flusher.Post(frozen);
        flusher.Step();
        flusher.Tick();
        Assert.False(flusher.IsIdle);
        Assert.True(reader.MustYield);
        Assert.Equal(0UL, state.FlushedIndex);

        reader.Dispose();
        mustGrow = false;
        flusher.Tick();
        Assert.True(flusher.IsIdle);
        Assert.Equal(1UL, state.FlushedIndex);
    }
}
