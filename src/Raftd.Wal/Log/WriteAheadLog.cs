// The write-ahead log of a member: its entries, its term and vote, in segments on disk.
//
// The naive log appends each entry to a file, calls fsync, and at start reads up to the first bad checksum and cuts the
// file there. It fails in four ways. It pays a sync for each entry. A bad checksum in the middle, a disk fault under an
// entry that a majority counted on, is cut off like a torn write, and a committed entry can be lost cluster-wide. After
// a failed fsync it goes on, although the kernel has thrown the pages away. And after a crash it trusts what it reads,
// although the page cache may show bytes that the disk never got.
//
// So:
//  1. Append encodes into a buffer. Write hands the buffer to the file, Sync adds one fdatasync: a batch of any size
//     costs one. Only then may the caller acknowledge, up to SyncedIndex.
//  2. Each record says how much of its segment was durable when it was made, and repeats the checksum of the record
//     before it. Recovery can thus prove that damage lies below what was synced, and then refuses: WalCorruptException.
//     Without such a proof it is a torn tail, dropped, and remembered durably as LogState.Recovering.
//  3. The first failure of a write or a sync is final: WalFailedException from every later call.
//  4. At start the last segment is copied to a fresh one, which is synced before Open returns; nothing is ever appended
//     to a file that an earlier process wrote.
//  5. A segment is made whole under a temporary name and renamed; its header names the segments that it supersedes. So
//     recovery (4) and Reset change the log by one rename, and a crash leaves the old log or the new one.
//
// Invariants: all segments but the last are durable to their last record. The log has no gap: an entry has the index
// LastIndex + 1, or a lower one and replaces everything from there, which is never committed. SyncedIndex <=
// WrittenIndex <= LastIndex. Names are durable before what depends on them: a segment's name before its records, the
// name of what supersedes before the deletion of what is superseded.
//
// Threads: one writer calls Append, Write, Sync, DeleteBelow and Reset. Any thread may call Read, Term, the properties
// and TryReserve; one background thread calls PrepareSpare. Nothing here starts a thread or looks at a clock.
//
// The bytes are described in docs/wal-format.md.

namespace Raftd.Wal;

/// <summary>The durable log of one member. See the top of the file for the protocol.</summary>
public sealed partial class WriteAheadLog : IDisposable
{
    private readonly Lock _gate = new(); // guards _segments, _index, _writtenIndex, _syncedIndex for other threads
    private readonly WalOptions _options;
    private readonly SegmentFiles _files;
    private readonly SpareSegment _spare;
    private readonly List<Segment> _segments;
    private readonly EntryIndex _index;
    private ulong _writtenIndex;
    private ulong _syncedIndex;
    private LogState _state;
    private WalFailedException? _failure;

    private WriteAheadLog(WalOptions options, SegmentFiles files, SpareSegment spare, RecoveredLog recovered)
    {
        (_options, _files, _spare) = (options, files, spare);
        (_segments, _index, _state) = (recovered.Live, recovered.Index, recovered.State);
        _writtenIndex = _syncedIndex = _index.LastIndex;
        _tail = new Tail(_segments[^1].Header, recovered.End, recovered.Link);
        _roomBytes = _tail.Capacity - _tail.Offset;
        Recovery = new WalRecovery(_state, _index.BaseIndex, _index.BaseTerm, _index.LastIndex, recovered.Tail);
    }

    /// <summary>What Open found; does not change afterwards.</summary>
    public WalRecovery Recovery { get; }

    /// <summary>The state as last appended. Writer thread.</summary>
    public LogState State => _state;

    /// <summary>LastIndex + 1 in an empty log.</summary>
    public ulong FirstIndex
    {
        get
        {
            lock (_gate)
            {
                return _index.BaseIndex + 1;
            }
        }
    }

    /// <summary>Of the last entry appended, buffered or not; FirstIndex - 1 when there is none.</summary>
    public ulong LastIndex
    {
        get
        {
            lock (_gate)
            {
                return _index.LastIndex;
            }
        }
    }

    /// <summary>Entries up to here can be read.</summary>
    public ulong WrittenIndex
    {
        get
        {
            lock (_gate)
            {
                return _writtenIndex;
            }
        }
    }

    /// <summary>Entries up to here are durable, as the log now has them: only they may be acknowledged.</summary>
    public ulong SyncedIndex
    {
        get
        {
            lock (_gate)
            {
                return _syncedIndex;
            }
        }
    }

    /// <summary>Bytes of all segments on disk, the spare not counted.</summary>
    public long SizeBytes
    {
        get
        {
            lock (_gate)
            {
                return _segments.Sum(segment => segment.Header.Capacity);
            }
        }
    }

    /// <summary>The segments, oldest first, as they are now.</summary>
    public IReadOnlyList<SegmentInfo> Segments
    {
        get
        {
            lock (_gate)
            {
                return _segments.ConvertAll(
                    segment => new SegmentInfo(segment.Number, segment.Header.Capacity, segment.Header.BaseIndex));
            }
        }
    }

    /// <summary>The first failure of a write or a sync; null while the log is sound.</summary>
    public WalFailedException? Failure => _failure;

    /// <summary>The last attempt to allocate a segment met a full disk. True before writes fail, thanks to the spare.</summary>
    public bool IsSpaceLow => _spare.IsSpaceLow;

    private Segment Current => _segments[^1];

    /// <summary>Makes the next segment ahead of need. Background thread; true when a spare is ready.</summary>
    /// <remarks>Worth calling after each roll, and now and then while <see cref="IsSpaceLow"/>.</remarks>
    /// <exception cref="StorageIoException">Any failure but a full disk; the log itself is not harmed.</exception>
    public bool PrepareSpare() => _spare.Prepare();

    /// <summary>Whether entries of this size can enter the log for certain. Any thread.</summary>
    /// <remarks>
    /// False only while the disk is full and what is allocated already would not do, less a reserve for what cannot be
    /// refused. A leader refuses a proposal then, before it is in the log. An estimate, nothing is set aside: what slips
    /// through meets <see cref="WalSpaceException"/> in <see cref="Sync"/>, unacknowledged.
    /// </remarks>
    public bool TryReserve(long dataBytes, int entries = 1)
    {
        var needed = dataBytes + ((long)entries * (RecordHeader.Bytes + RecordHeader.Alignment)) + _options.ReserveBytes;
        return !IsSpaceLow || needed <= Math.Max(Volatile.Read(ref _roomBytes), _spare.RoomBytes);
    }

    /// <summary>Closes the files. Does not sync: what is not synced was never acknowledged.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _segments.ForEach(segment => segment.Release());
            _segments.Clear();
        }

        _spare.Close();
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>Remembers the first failure; the log writes nothing more.</summary>
    private WalFailedException Fail(StorageIoException cause) => _failure ??= new WalFailedException(cause);
}
