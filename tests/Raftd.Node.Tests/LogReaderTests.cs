using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Testing.Disks;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>Entries for followers that lag, read beside the log's writer.</summary>
public sealed class LogReaderTests : IDisposable
{
    private const long Unbounded = long.MaxValue;

    private readonly WriteAheadLog _wal = WriteAheadLog.Open(
        new MemoryFileSystem(), "/wal", new WalOptions { SegmentSizeBytes = 64 << 10, MaxRecordBytes = 8 << 10, ReserveBytes = 4096 });

    private readonly List<string> _read = [];
    private readonly LogReader _reader;

    public LogReaderTests()
    {
        _reader = new LogReader(_wal);
        _reader.Read = (wanted, entries) => _read.Add($"{wanted.Peer}: {string.Join(' ', entries.Select(entry => entry.Id))}");
        Append(term: 1, first: 1, last: 5);
    }

    public void Dispose() => _wal.Dispose();

    [Fact]
    public void Step_ReadsOnePieceForOnePeer_InTheOrderOfTheirAsking()
    {
        _reader.Post(new EntriesWanted(new NodeId(3), 2, 4, Unbounded));
        _reader.Post(new EntriesWanted(new NodeId(2), 1, 6, MaxBytes: 2));

        Assert.True(_reader.Step());
        Assert.Equal(["3: 1/2 1/3"], _read);
        Assert.False(_reader.Step());
        Assert.Equal(["3: 1/2 1/3", "2: 1/1 1/2"], _read);
        Assert.False(_reader.Step());
    }

    /// <summary>Only a later leadership asks twice for a peer: what the one before wanted is not read.</summary>
    [Fact]
    public void Step_PeerAskedForAgain_ReadsTheLaterAlone()
    {
        _reader.Post(new EntriesWanted(new NodeId(2), 1, 6, Unbounded));
        _reader.Post(new EntriesWanted(new NodeId(2), 5, 6, Unbounded));

        Assert.False(_reader.Step());
        Assert.Equal(["2: 1/5"], _read);
    }

    [Fact]
    public void Step_EntriesAreGone_AnswersWithNone()
    {
        _reader.Post(new EntriesWanted(new NodeId(2), 1, 6, Unbounded));
        _wal.Reset(9, 1, new LogState(Term: 2, Vote: 0, Commit: 9, Recovering: false));

        _reader.Step();

        Assert.Equal(["2: "], _read);
    }

    /// <summary>The core tells by the terms that these are not what it asked for.</summary>
    [Fact]
    public void Step_EntriesWereReplaced_AnswersWithWhatTheLogHas()
    {
        _reader.Post(new EntriesWanted(new NodeId(2), 3, 6, Unbounded));
        Append(term: 2, first: 4, last: 4);

        _reader.Step();

        Assert.Equal(["2: 1/3 2/4"], _read);
    }

    private void Append(ulong term, ulong first, ulong last)
    {
        for (var index = first; index <= last; index++)
        {
            _wal.Append([new LogEntry(term, index, (byte)EntryKind.Normal, new byte[1])], new LogState(term, 0, 0, Recovering: false));
        }

        _wal.Sync();
    }
}
