// A log of which every bit is flipped, and what has to come of it. The verdicts follow from where the writer's records
// lie, by the format as docs/wal-format.md has it, and from nothing that the reader says:
//
//   a header, and all of a segment that is not the last   refused: durable before anything follows
//   records that a later batch speaks of                   refused
//   records of the last batch                              a torn tail: that record and all behind it are gone
//   the zeros behind it                                    a torn tail: nothing is gone
//
// The first segment has 8 KiB, the last one 64 KiB. One process began it and another went on: a part of it is proven by
// its header, the rest by its later records. Some entries in it replace others.


using Raftd.Testing.Disks;

namespace Raftd.Wal.Tests;

internal sealed class SweptLog
{
    public static readonly WalOptions Options = Workload.SmallSegments with { SegmentSizeBytes = 64 << 10 };

    private const int HeaderBytes = 4096;
    private const int RecordHeaderBytes = 56;
    private const int Alignment = 8;
    private const int RoomForTheLastBatch = 3 << 10;

    private readonly MemoryFileSystem _disk = new();
    private readonly List<(int Start, int End, LogModel After)> _records = []; // of the last segment
    private readonly byte[] _bytes; // of the last segment
    private readonly LogModel _firstSegment;
    private readonly int _provenByHeader;
    private readonly int _provenByLastBatch;
    private int _end = HeaderBytes;

    public SweptLog()
    {
        var begun = BeginLastSegment(out _firstSegment);
        _provenByHeader = _end;
        var work = new Workload(_disk, Options, begun);
        FillSegment(work);
        _provenByLastBatch = _end;
        Append(work, 4, work.Latest.LastIndex - 1, 3, 0, withState: true);
        Append(work, 5, work.Latest.LastIndex + 1, 5, 301);
        work.Sync();
        work.Log.Dispose();

        Assert.Equal(2, Paths.Count);
        _bytes = _disk.Get(Last);
        Assert.Equal(Options.SegmentSizeBytes, _bytes.Length);
        Assert.InRange(_bytes.AsSpan().LastIndexOfAnyExcept((byte)0), _end - Alignment, _end - 1);
    }

    /// <summary>The segments, oldest first.</summary>
    public IReadOnlyList<string> Paths => _disk.Paths;

    public string Last => Paths[^1];

    /// <summary>A disk with the log on it, to be damaged; shares its content with the others.</summary>
    public MemoryFileSystem Copy() => _disk.Crash(CrashLoss.Nothing);

    /// <summary>What has to come of it if one bit of that byte is another.</summary>
    /// <returns>Null: the log has to be refused.</returns>
    public Outcome? OfDamageAt(string path, int offset) => path != Last || offset < _provenByLastBatch
        ? null
        : new Outcome(_records.FindLast(record => record.End <= offset).After, TailKind.Torn);

    /// <summary>What is left before that byte of the last segment, for one who takes what there is.</summary>
    public LogModel LeftBefore(int offset) => offset < HeaderBytes
        ? _firstSegment
        : _records.FindLast(record => record.End <= offset).After ?? _firstSegment;

    /// <summary>What has to come of it if the last segment has nothing but zeros from there on.</summary>
    /// <remarks>Between two records nothing tells that from a log that ended there.</remarks>
    /// <returns>Null: the log has to be refused.</returns>
    public Outcome? OfZerosFrom(int offset)
    {
        var lost = _records.FindIndex(record => HasMoreThanZeros(Math.Max(offset, record.Start), record.End));
        if (lost < 0)
        {
            return new Outcome(_records[^1].After, TailKind.Clean);
        }

        var isPart = HasMoreThanZeros(_records[lost].Start, offset);
        return _records[lost].Start < _provenByHeader
            ? null
            : new Outcome(_records[lost - 1].After, isPart ? TailKind.Torn : TailKind.Clean);
    }

    private bool HasMoreThanZeros(int low, int high) => high > low && _bytes.AsSpan(low, high - low).ContainsAnyExcept((byte)0);

    /// <summary>The first process: its first batch leaves no room, its second one begins the next segment.</summary>
    private LogModel BeginLastSegment(out LogModel firstSegment)
    {
        var work = new Workload(_disk, Workload.SmallSegments, LogModel.Empty);
        work.Append(1, 1, 9, 370, withState: true);
        work.Sync();
        firstSegment = work.Latest;
        Append(work, 1, 10, 5, 100);
        work.Sync();
        work.Log.Dispose();
        return work.Latest;
    }

    /// <summary>Batches of all sizes, until only the last one has room.</summary>
    private void FillSegment(Workload work)
    {
        ulong term = 2;
        for (var batch = 0; ; batch++)
        {
            var (count, length) = (1 + (batch % 7), batch * 89 % 1500);
            if (_end + RoomForTheLastBatch + ((count + 1) * SizeOf(length)) > Options.SegmentSizeBytes)
            {
                return;
            }

            var replaces = batch % 5 == 0;
            term += replaces && term < 4 ? 1ul : 0;
            Append(work, term, work.Latest.LastIndex + (replaces ? 0ul : 1), count, length, withState: batch % 3 == 0);
            work.Sync();
        }
    }

    private void Append(Workload work, ulong term, ulong low, int count, int length, bool withState = false)
    {
        var known = work.Allowed.Count;
        work.Append(term, low, count, length, withState);
        foreach (var (at, after) in work.Allowed.Skip(known).Index())
        {
            var start = _end;
            _end += SizeOf(at < count ? length : 0);
            _records.Add((start, _end, after));
        }
    }

    private static int SizeOf(int length) => RecordHeaderBytes + ((length + Alignment - 1) / Alignment * Alignment);
}

/// <summary>A damaged log that opens.</summary>
/// <param name="Left">What is in it.</param>
/// <param name="Tail">Whether the member that has it must know that something is gone.</param>
internal sealed record Outcome(LogModel Left, TailKind Tail);
