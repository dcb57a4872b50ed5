using System.Buffers;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Store;
using Raftd.Store.Buckets;
using Raftd.Store.Snapshots;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Clocks;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>One snapshot in one file for all that need one, however slow they are, and nothing of it left behind.</summary>
public sealed class SnapshotSpoolerTests : IDisposable
{
    private const ulong ClusterId = 7;

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly MemoryFileSystem _files = new();
    private readonly LogPins _pins = new(firstIndex: 1);
    private readonly ManualTime _time = new();
    private readonly SnapshotSpooler _spooler;
    private readonly List<SpoolAnswer> _answers = [];
    private readonly List<BucketStoreException> _damages = [];

    public SnapshotSpoolerTests()
    {
        _state = StateMachine.Open(_directory, new StoreOptions());
        _state.Damaged = _damages.Add;
        var spool = new SpoolDirectory(_files, "/spool");
        spool.Prepare();
        var options = new SpoolOptions { ChunkBytes = 100, SliceBytes = 300, ReserveBytes = 1000 };
        _spooler = new SnapshotSpooler(_state, _pins, spool, options, ClusterId, _time, NullLogger.Instance);
        Put(20);
    }

    private ModelBucketStore Store => (ModelBucketStore)_directory.Current;

    private IReadOnlyList<string> Spools => _files.Paths;

    public void Dispose()
    {
        _answers.ForEach(static answer => answer.Lease?.Dispose());
        _spooler.Dispose();
        _state.Dispose();
        _directory.Dispose();
        Assert.Empty(Spools);
    }

    [Fact]
    public void Snapshot_StateChangesMeanwhile_IsReadFromItsFile()
    {
        var expected = _state.Applied;
        Ask();
        RunUntilIdle();
        var lease = Lease(0);
        Assert.Equal((expected.Index, ClusterId), (lease.Snapshot.Meta.Index, lease.Snapshot.Meta.ClusterId));
        Assert.Equal(0, Store.OpenReaders);

        Put(20);
        using var received = new ModelBucketStore();
        using var receiver = new SnapshotReceiver(received, StateMachine.VerifySnapshot);
        for (var chunk = 0L; chunk < lease.Snapshot.ChunkCount; chunk++)
        {
            receiver.Feed(Read(lease, chunk));
        }

        Assert.Equal(lease.Snapshot.Meta, receiver.Finish());
        Assert.Equal(lease.Snapshot.TotalBytes, receiver.ReceivedBytes);
    }

    [Fact]
    public void Step_WritesASlice_AndSaysThatThereIsMore()
    {
        Ask();
        Assert.True(_spooler.Step());
        var written = 0L;
        while (_spooler.Step())
        {
            Assert.InRange(_files.UsedBytes - written, 1, 300 + 200);
            written = _files.UsedBytes;
            Assert.Empty(_answers);
        }

        Assert.InRange(written, 1000, long.MaxValue);
        Assert.NotNull(_answers.Single().Lease);
    }

    [Fact]
    public void Newcomer_WhileTheLogIsThere_SharesTheSpool()
    {
        Ask();
        Ask();
        RunUntilIdle();
        Put(5);
        Ask();
        RunUntilIdle();
        Assert.Same(Lease(0).Snapshot, Lease(1).Snapshot);
        Assert.Same(Lease(0).Snapshot, Lease(2).Snapshot);
        Assert.Single(Spools);
    }

    /// <summary>The former is read on by those who have it; two files are the most there are.</summary>
    [Fact]
    public void Newcomer_WhenTheLogIsGone_GetsANewSpoolAndWaitsWhileTwoAreHeld()
    {
        Ask();
        RunUntilIdle();
        LoseTheLog();
        Put(5);
        Ask();
        RunUntilIdle();
        Assert.NotEqual(Lease(0).Snapshot.Id, Lease(1).Snapshot.Id);
        Assert.True(Lease(0).HasLostItsLog);
        Assert.False(Lease(1).HasLostItsLog);
        Assert.Single(Spools);
        Assert.Equal(Read(Lease(0), 0)[..4], Read(Lease(0), 0)[..4]);

        LoseTheLog();
        Put(5);
        Ask();
        RunUntilIdle();
        Assert.Equal(2, _answers.Count);
        Lease(0).Dispose();
        RunUntilIdle();
        Assert.Equal(3, _answers.Count);
    }

    [Fact]
    public void Backup_NeedsNoLog_AndSharesWhatAPeerHas()
    {
        Ask();
        RunUntilIdle();
        _pins.Restart(_state.Applied.Index + 100);
        Ask(keepsLog: false);
        RunUntilIdle();
        Assert.Same(Lease(0).Snapshot, Lease(1).Snapshot);
    }

    /// <summary>Two clients hold both files and read nothing: the peer that waits gets the room of one of them.</summary>
    [Fact]
    public void Backups_ThatHoldBothFiles_GiveWayToAPeerAndNotToEachOther()
    {
        Ask(keepsLog: false);
        RunUntilIdle();
        Put(5);
        Ask(_state.Applied.Index, keepsLog: false);
        RunUntilIdle();
        Put(5);
        Ask(_state.Applied.Index, keepsLog: false);
        RunUntilIdle();
        Assert.Equal(2, _answers.Count);
        Assert.False(Lease(0).Snapshot.Revoked.IsCancellationRequested || Lease(1).Snapshot.Revoked.IsCancellationRequested);

        Ask(_state.Applied.Index);
        RunUntilIdle();
        Assert.True(Lease(0).Snapshot.Revoked.IsCancellationRequested);
        Assert.False(Lease(1).Snapshot.Revoked.IsCancellationRequested);
        Assert.Equal(2, _answers.Count);
        Lease(0).Dispose();
        RunUntilIdle();
        Assert.Equal(4, _answers.Count);
        Assert.Same(Lease(2).Snapshot, Lease(3).Snapshot);
    }

    /// <summary>Its end would free nothing.</summary>
    [Fact]
    public void Backup_BesideAPeer_IsNotEnded()
    {
        Ask();
        Ask(keepsLog: false);
        RunUntilIdle();
        Put(5);
        Ask(_state.Applied.Index);
        RunUntilIdle();
        Put(5);
        Ask(_state.Applied.Index);
        RunUntilIdle();
        Assert.Equal(3, _answers.Count);
        Assert.False(Lease(1).Snapshot.Revoked.IsCancellationRequested);
    }

    [Fact]
    public void Request_ForMoreThanIsFlushed_WaitsForTheFlush()
    {
        Ask();
        RunUntilIdle();
        Ask(minimumIndex: _state.Applied.Index + 1);
        RunUntilIdle();
        Assert.Single(_answers);
        Put(1);
        RunUntilIdle();
        Assert.Equal(_state.Applied.Index, Lease(1).Snapshot.Meta.Index);
    }

    /// <summary>Failure 41 of docs/failures.md: a long reader is in the way of a store that must grow.</summary>
    [Fact]
    public void Store_MustGrowWhileASpoolIsWritten_GetsItsReaderAndWritingBeginsAnew()
    {
        Ask();
        Assert.True(_spooler.Step());
        Assert.True(_spooler.Step());
        Assert.Equal(1, Store.OpenReaders);

        Store.AsksReadersToYield = true;
        Assert.False(_spooler.Step());
        Assert.Equal(0, Store.OpenReaders);
        Assert.Empty(Spools);
        Assert.False(_spooler.Step());

        Store.AsksReadersToYield = false;
        _spooler.Tick();
        RunUntilIdle();
        Assert.NotNull(_answers.Single().Lease);
    }

    [Fact]
    public void Disk_WithoutRoom_IsAskedFirstAndNothingIsWritten()
    {
        _files.CapacityBytes = _files.UsedBytes + Store.UsedBytes + 999;
        Ask();
        RunUntilIdle();
        Assert.Equal(SpoolFault.NoSpace, _answers.Single().Fault);
        Assert.Contains("free some", _answers[0].Reason, StringComparison.Ordinal);
        Assert.Empty(Spools);

        _files.CapacityBytes = long.MaxValue;
        _spooler.Tick();
        Ask();
        RunUntilIdle();
        Assert.NotNull(_answers[1].Lease);
    }

    [Theory]
    [InlineData(Errno.NoSpace, false)]
    [InlineData(Errno.QuotaExceeded, false)]
    [InlineData(Errno.Io, true)]
    public void Disk_FailsAtAnyWrite_AllWhoWaitAreToldAndNothingStays(int errno, bool isBroken)
    {
        for (var writes = 1; writes < 4; writes++)
        {
            var left = writes;
            _answers.Clear();
            _files.BeforeOperation = operation => operation.Kind == FileOperationKind.Write && --left == 0 ? errno : 0;
            Ask();
            Ask();
            RunUntilIdle();
            _files.BeforeOperation = null;
            Assert.Equal(2, _answers.Count);
            Assert.All(_answers, answer => Assert.Equal(isBroken ? SpoolFault.Io : SpoolFault.NoSpace, answer.Fault));
            Assert.Empty(Spools);
            Assert.Equal(0, Store.OpenReaders);
            Assert.True(_pins.IsEmpty);
            _spooler.Tick();
        }
    }

    [Fact]
    public void State_Damaged_IsToldToTheMemberAndSentToNoPeer()
    {
        Store.Write(static writer =>
        {
            using var cursor = writer.OpenCursor(Bucket.Revisions);
            cursor.SeekLast();
            var (key, value) = (cursor.Key.ToArray(), cursor.Value.ToArray());
            value[^1] ^= 1;
            writer.Put(Bucket.Revisions, key, value);
        });
        Ask();
        RunUntilIdle();
        Assert.Single(_damages);
        Assert.Equal((null, SpoolFault.Damaged), (_answers.Single().Lease, _answers[0].Fault));
        Assert.Empty(Spools);
    }

    [Fact]
    public void File_Damaged_IsNotHandedOutAndTheNextGetsANewOne()
    {
        Ask();
        RunUntilIdle();
        _files.Rot(Spools.Single(), offset: 200, bits: 4);
        Assert.Throws<SnapshotCorruptException>(() =>
        {
            for (var chunk = 0L; chunk < Lease(0).Snapshot.ChunkCount; chunk++)
            {
                Read(Lease(0), chunk);
            }
        });
        Ask();
        RunUntilIdle();
        Assert.NotEqual(Lease(0).Snapshot.Id, Lease(1).Snapshot.Id);
    }

    /// <summary>What is behind a snapshot is kept while it is written, while it is lent, and then by the one that took the pin.</summary>
    [Fact]
    public void Log_WhileASnapshotIsSpooled_IsKeptFromItsStart()
    {
        Ask();
        _spooler.Step();
        var index = _state.FlushedIndex;
        Put(5);
        Assert.Equal(index, Lowest());
        RunUntilIdle();
        Assert.Equal(index, Lowest());
        var pin = Lease(0).TakePin();
        Lease(0).Dispose();
        RunUntilIdle();
        Assert.Equal(index, Lowest());
        pin.Dispose();
        Assert.True(_pins.IsEmpty);
    }

    [Fact]
    public void Spool_OfNoUseAnyMore_IsDeleted()
    {
        Ask();
        RunUntilIdle();
        _time.Advance(TimeSpan.FromHours(1));
        _spooler.Tick();
        Assert.Single(Spools);
        Lease(0).Dispose();
        _time.Advance(TimeSpan.FromSeconds(59));
        _spooler.Tick();
        Assert.Single(Spools);
        _time.Advance(TimeSpan.FromSeconds(1));
        _spooler.Tick();
        Assert.Empty(Spools);
    }

    [Fact]
    public void Spool_UnusedWhenTheLogIsGone_IsDeletedAtOnce()
    {
        Ask();
        RunUntilIdle();
        Lease(0).Dispose();
        LoseTheLog();
        _spooler.Tick();
        Assert.Empty(Spools);
    }

    [Fact]
    public void Request_Cancelled_EndsTheWriting()
    {
        var request = Ask();
        Assert.True(_spooler.Step());
        Assert.True(_spooler.Step());
        request.Cancel();
        RunUntilIdle();
        Assert.Empty(_answers);
        Assert.Empty(Spools);
        Assert.Equal(0, Store.OpenReaders);
    }

    [Fact]
    public void Request_CancelledInTheMomentOfItsAnswer_HoldsNothing()
    {
        SpoolRequest? other = null;
        _spooler.Request(0, keepsLog: false, answer =>
        {
            answer.Lease!.Dispose();
            other!.Cancel();
        });
        other = _spooler.Request(0, keepsLog: true, static _ => Assert.Fail("answered after it was cancelled"));
        RunUntilIdle();
        Assert.True(_pins.IsEmpty);
        _time.Advance(TimeSpan.FromMinutes(1));
        _spooler.Tick();
        Assert.Empty(Spools);
    }

    [Fact]
    public void Start_SpoolOfAFormerProcess_IsRemoved()
    {
        _files.Put("/spool/0000000000000001.spool", [1, 2, 3]);
        new SpoolDirectory(_files, "/spool").Prepare();
        Assert.Empty(Spools);
    }

    [Fact]
    public void Stop_RequestsWaiting_AreAnswered()
    {
        Ask();
        _spooler.Step();
        _spooler.Dispose();
        Ask();
        Assert.Equal([SpoolFault.Stopped, SpoolFault.Stopped], _answers.Select(answer => answer.Fault));
        Assert.Empty(Spools);
    }

    private SpoolRequest Ask(ulong minimumIndex = 0, bool keepsLog = true) =>
        _spooler.Request(minimumIndex, keepsLog, _answers.Add);

    private SpoolLease Lease(int answer) =>
        _answers[answer].Lease ?? throw new InvalidOperationException(_answers[answer].Reason);

    private void RunUntilIdle()
    {
        while (_spooler.Step())
        {
        }

        _spooler.Tick();
        while (_spooler.Step())
        {
        }
    }

    private static byte[] Read(SpoolLease lease, long chunk)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.Equal(lease.ReadChunk(chunk, output), output.WrittenCount);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The log behind a pin goes, as when it grows beyond what pins may keep.</summary>
    private void LoseTheLog() => _pins.Restart(_state.Applied.Index + 2);

    private ulong Lowest()
    {
        var lowest = 0UL;
        _pins.GiveUp(pinned =>
        {
            lowest = pinned;
            return 0;
        });
        return lowest;
    }

    private void Put(int keys)
    {
        for (var i = 0; i < keys; i++)
        {
            var request = new PutRequest { Key = Encoding.UTF8.GetBytes($"k{i}"), Value = new byte[50] };
            Assert.NotNull(_state.Apply(_state.Applied.Index + 1, term: 1, By.Nobody.Put(request)));
        }

        _state.Publish();
        Assert.True(_state.TryFreeze(out var frozen));
        _state.Flush(frozen);
    }
}
