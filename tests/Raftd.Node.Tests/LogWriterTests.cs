using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Leading;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

public sealed class LogWriterTests : IDisposable
{
    private readonly MemoryFileSystem _disk = new();
    private readonly WriteAheadLog _wal;
    private readonly RecordingTransport _peers = new();
    private readonly List<ulong> _durable = [];
    private readonly LogWriter _log;

    public LogWriterTests()
    {
        _wal = WriteAheadLog.Open(_disk, "/wal", new WalOptions { SegmentSizeBytes = 64 << 10, MaxRecordBytes = 8 << 10, ReserveBytes = 4096 });
        _log = new LogWriter(_wal, _peers, retentionBytes: 0, NullLogger.Instance) { Durable = _durable.Add };
    }

    public void Dispose() => _wal.Dispose();

    /// <summary>Group commit: all that has arrived shares one fdatasync.</summary>
    [Fact]
    public void Step_ManyWorks_OneSyncThenOneReport()
    {
        for (ulong i = 1; i <= 20; i++)
        {
            _log.Post(Work(sequence: i, index: i));
        }

        var syncs = 0;
        _disk.BeforeOperation = operation =>
        {
            syncs += operation.Kind == FileOperationKind.SyncData ? 1 : 0;
            return 0;
        };
        _log.Step();

        Assert.Equal(1, syncs);
        Assert.Equal([20UL], _durable);
        Assert.Equal(20, _peers.Sent.Count);
    }

    /// <summary>Failures 1 and 2 of docs/failures.md: a promise leaves after the sync that covers it, never
    /// before.</summary>
    [Fact]
    public void Step_MessagesOfUnsyncedEntries_LeaveOnlyAfterTheSync()
    {
        _log.Post(Work(sequence: 1, index: 1));
        _disk.BeforeOperation = operation =>
        {
            Assert.Empty(_peers.Sent);
            Assert.Empty(_durable);
            return 0;
        };

        _log.Step();

        Assert.Single(_peers.Sent);
    }

    [Fact]
    public void Step_SyncFails_NothingIsReportedAndTheLoopEnds()
    {
        _log.Post(Work(sequence: 1, index: 1));
        _disk.BeforeOperation = operation => operation.Kind == FileOperationKind.SyncData ? Errno.Io : 0;

        Assert.Throws<WalFailedException>(() => _log.Step());

        Assert.Empty(_peers.Sent);
        Assert.Empty(_durable);
    }

    /// <summary>The state is installed first, then the log restarts (PendingInstall).</summary>
    [Fact]
    public void Step_SnapshotNotInstalledYet_WaitsWithEverythingBehindIt()
    {
        _log.Post(Work(sequence: 1, index: 1));
        var install = Install(index: 50);
        _log.Post(Work(sequence: 2, install));
        _log.Post(Work(sequence: 3, index: 51));

        _log.Step();
        Assert.Equal([1UL], _durable);
        Assert.Equal(1UL, _wal.LastIndex);

        install.MarkInstalled();
        _log.Step();
        Assert.Equal([1UL, 3UL], _durable);
        Assert.Equal(51UL, _wal.FirstIndex);
        Assert.Equal(51UL, _wal.LastIndex);
        Assert.Equal(3, _peers.Sent.Count);
    }

    [Fact]
    public void Tick_DiskWasFull_GoesOnByItselfOnceThereIsRoom()
    {
        _disk.CapacityBytes = _disk.UsedBytes;
        var index = 0UL;
        while (_durable.Count == (int)index)
        {
            index++;
            _log.Post(Work(sequence: index, index: index, bytes: 7000));
            _log.Step();
            Assert.True(index < 100, "the disk never filled");
        }

        var acknowledged = _durable.Count;
        Assert.False(_log.HasRoomFor([new Proposal(new byte[100], long.MaxValue, new ByteBudget(1000), growthBytes: 0)]));
        _log.Tick();
        Assert.Equal(acknowledged, _durable.Count);

        _disk.CapacityBytes = long.MaxValue;
        _log.Tick();
        Assert.Equal(index, _durable[^1]);
        Assert.Equal(index, _wal.SyncedIndex);
    }

    [Fact]
    public void Step_DiskWasFullWhenASnapshotRestartedTheLog_GoesOnByItselfOnceThereIsRoom()
    {
        var install = Install(index: 50);
        install.MarkInstalled();
        _disk.CapacityBytes = _disk.UsedBytes;
        _log.Post(Work(sequence: 1, install));
        _log.Step();
        _log.Tick();
        _log.Step();
        Assert.Empty(_durable);

        _disk.CapacityBytes = long.MaxValue;
        _log.Tick();
        _log.Step();
        Assert.Equal([1UL], _durable);
        Assert.Equal(51UL, _wal.FirstIndex);
        Assert.True(_log.HasRoomFor([new Proposal(new byte[100], long.MaxValue, new ByteBudget(1000), growthBytes: 0)]));
    }

    /// <summary>Segments go only when the state covers them, no pin holds them, and the core has been told.</summary>
    [Fact]
    public void Tick_CoveredSegments_GoInTwoSteps()
    {
        AppendForty();
        var asked = 0UL;
        _log.Releasing = index => asked = index;
        _log.Tick();
        Assert.Equal(0UL, asked);

        _log.Flushed(40);
        using (_log.Pins.TryAdd(12))
        {
            _log.Tick();
            Assert.InRange(asked, 2UL, 13UL);
        }

        Assert.Equal(1UL, _wal.FirstIndex);
        _log.Release(asked);
        _log.Tick();
        Assert.InRange(_wal.FirstIndex, 2UL, 13UL);
    }

    /// <summary>What pins may keep is bounded: beyond it they are lost, and the log goes.</summary>
    [Fact]
    public void Tick_MoreBehindAPinThanPinsMayKeep_LosesIt()
    {
        _log.MaxPinnedBytes = static () => 3 * (64 << 10);
        _log.Releasing = _log.Release;
        using var low = _log.Pins.TryAdd(1);
        using var high = _log.Pins.TryAdd(24);
        AppendForty();
        _log.Flushed(40);
        _log.Tick();
        _log.Tick();
        Assert.True(low!.IsLost);
        Assert.False(high!.IsLost);
        Assert.InRange(_wal.FirstIndex, 10UL, 25UL);
        Assert.InRange(_wal.SizeBytes, 0, 3 * (64 << 10));
    }

    /// <summary>The log behind what is flushed is there in any case: a pin of it costs nothing. Where it was lost, a snapshot for
    /// the peer that commits the rest was begun for ever, and never sent.</summary>
    [Fact]
    public void Tick_MoreBehindWhatIsFlushedThanPinsMayKeep_LosesNoPinThere()
    {
        _log.MaxPinnedBytes = static () => 64 << 10;
        _log.Releasing = _log.Release;
        using var below = _log.Pins.TryAdd(1);
        using var flushed = _log.Pins.TryAdd(12);
        AppendForty();
        _log.Flushed(12);
        _log.Tick();
        Assert.True(below!.IsLost);
        Assert.False(flushed!.IsLost);
        _log.Flushed(40);
        _log.Tick();
        Assert.True(flushed.IsLost);
    }

    [Fact]
    public void Step_LogRestartsBehindASnapshot_PinsBelowItAreLost()
    {
        using var pin = _log.Pins.TryAdd(1);
        var install = Install(index: 50);
        install.MarkInstalled();
        _log.Post(Work(sequence: 1, install));
        _log.Step();
        Assert.True(pin!.IsLost);
        Assert.Null(_log.Pins.TryAdd(49));
        _log.Tick();
        Assert.Equal(51UL, _log.RetainedFrom);
    }

    /// <summary>Entries of 7 000 bytes: nine fill a segment.</summary>
    private void AppendForty()
    {
        for (ulong i = 1; i <= 40; i++)
        {
            _log.Post(Work(sequence: i, index: i, bytes: 7000));
            _log.Step();
        }
    }

    private static LogWork Work(ulong sequence, ulong index, int bytes = 10) => new()
    {
        Sequence = sequence,
        State = null,
        Entries = [new Entry(new EntryId(1, index), EntryKind.Normal, new byte[bytes])],
        Messages = [Message()],
        MustSync = true,
    };

    private static LogWork Work(ulong sequence, PendingInstall install) => new()
    {
        Sequence = sequence,
        State = new HardState(1, NodeId.None, install.Snapshot.Index, Recovering: false),
        Entries = [],
        Messages = [Message()],
        MustSync = true,
        Install = install,
    };

    private static PendingInstall Install(ulong index) =>
        new(new EntryId(1, index), new SnapshotOffer(new Message { Kind = MessageKind.MsgSnap }, null!));

    private static Message Message() => new() { Kind = MessageKind.MsgAppResp, To = new NodeId(2) };

    private sealed class RecordingTransport : IPeerTransport
    {
        public List<Message> Sent { get; } = [];

        public void Send(IReadOnlyList<Message> messages) => Sent.AddRange(messages);

        public void SendSnapshot(NodeId to, Message header) => throw new NotSupportedException("the log sends no snapshots");

        public void Follow(MemberTable members) => throw new NotSupportedException("the log follows no members");
    }
}
