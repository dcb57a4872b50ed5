// The write-ahead log of a member: its entries, its term and vote, in segments on disk.
//
// The naive log appends each entry to a file, calls fsync, and at start reads up to the first bad checksum and cuts the
// file there. It fails in four ways:
//
//  a. It pays a sync for each entry.
//  b. It cuts at a bad checksum in the middle, a disk fault under an entry that a majority counted on, as if the write
//     had been torn. A committed entry can be lost from the whole cluster.
//  c. It goes on after a failed fsync, although the kernel has marked the pages clean: the next fsync succeeds without them.
//  d. After a crash it trusts what it reads, although the page cache may show bytes that the disk never got.
//
// So:
//  1. Append encodes into a buffer. Write hands the buffer to the file, Sync adds one fdatasync: a batch of any size
//     costs one. Only then may the caller acknowledge, up to SyncedIndex.
//  2. Each record says how much of its segment was durable when it was made, and repeats the checksum of the record
//     before it. Recovery can thus prove that damage lies below what was synced, and then refuses: WalCorruptException.
//     Without such a proof it is a torn tail, dropped, and remembered durably as LogState.Recovering.
//  3. The first failure of a write or a sync is final: WalFailedException from every later call.
//  4. At start the last segment is copied to a fresh one, which is synced before Open returns. Nothing is appended to a
//     file that an earlier process wrote.
//  5. A segment is made whole under a temporary name and renamed; its header names the segments that it supersedes. So
//     recovery (4) and Reset change the log by one rename, and a crash leaves the old log or the new one.
//
// Invariants:
//  - All segments but the last are durable to their last record. So only the last can be torn.
//  - The log has no gap: an entry has the index LastIndex + 1, or a lower one and replaces everything from there on. What
//    is committed is never replaced.
//  - SyncedIndex <= WrittenIndex <= LastIndex.
//  - Bytes of a record never change once they are written, and no record spans two segments. An entry that replaces
//    another one is a new record at the end.
//  - Names are durable before what depends on them: a segment's name before its records, the name of what supersedes
//    before the deletion of what is superseded.
//
// Worked through, with entries as index/term:
//
//   Append 1/1 2/1 3/1                buffer: 1 2 3               Last 3  Written 0  Synced 0
//   Sync                              file: 1 2 3                 Last 3  Written 3  Synced 3
//   Append 4/1                        file: 1 2 3   buffer: 4     Last 4  Written 3  Synced 3
//   a new leader: Append 2/2          buffer: 4 2'                Last 2  Written 1  Synced 1
//   Sync                              file: 1 2 3 4 2'            Last 2  Written 2  Synced 2
//
// Entries 3 and 4 are in the file and no longer in the log: a replay meets 2' last, and 2' replaces them. A crash before
// the last Sync leaves 1 2 3, which is right as well: 2' was never acknowledged. A crash within it may leave 4 with a
// torn 2': then 3 and 4 are in the log again, and the leader replaces them again.
//
// Threads: one writer calls Append, Write, Sync, DeleteBelow and Reset. Any thread may call Read, Term, the properties
// and TryReserve; one background thread calls PrepareSpare. Nothing here starts a thread or looks at a clock. The writer
// changes _segments, _index and the two indexes under _gate, and reads them without it, since no other thread changes
// them. No file is read, written or synced under _gate, so that neither side waits for the other's disk.
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
    private readonly List<Segment> _segments; // live, oldest first, never empty before Dispose
    private readonly EntryIndex _index; // shows buffered entries too
    private ulong _writtenIndex;
    private ulong _syncedIndex;
    private LogState _state; // writer thread alone; the state record of a batch may still be in the buffer
    private WalFailedException? _failure; // set once; the writer's calls throw it from then on, reads go on

    private WriteAheadLog(WalOptions options, SegmentFiles files, SpareSegment spare, RecoveredLog recovered)
    {
        (_options, _files, _spare) = (options, files, spare);
        (_segments, _index, _state) = (recovered.Live, recovered.Index, recovered.State);
        _writtenIndex = _syncedIndex = _index.LastIndex;
        _tail = new Tail(_segments[^1].Header, recovered.End, recovered.Link);
        _roomBytes = _tail.Capacity - _tail.Offset;
        Recovery = new WalRecovery(_state, recovered.Tail);
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
                    segment => new SegmentInfo(segment.Header.Capacity, segment.Header.BaseIndex));
            }
        }
    }

    /// <summary>The last attempt to allocate a segment met a full disk. True before writes fail, thanks to the spare.</summary>
    public bool IsSpaceLow => _spare.IsSpaceLow;

    private Segment Current => _segments[^1];

    /// <summary>Makes the next segment ahead of need. Background thread; true when a spare is ready.</summary>
    /// <remarks>Worth calling after each roll, and now and then while <see cref="IsSpaceLow"/>.</remarks>
    /// <exception cref="StorageIoException">Any failure but a full disk; the log itself is not harmed.</exception>
    public bool PrepareSpare() => _spare.Prepare();

    /// <summary>Whether there is room for entries of this size. Any thread.</summary>
    /// <remarks>
    /// False only while the disk is full and the space already allocated is too small, less a reserve for what cannot be
    /// refused. A leader then refuses a proposal before it is in the log. This is an estimate and sets nothing aside: what
    /// slips through meets <see cref="WalSpaceException"/> in <see cref="Sync"/> and is not acknowledged.
    /// </remarks>
    public bool TryReserve(long dataBytes, int entries = 1)
    {
        var needed = dataBytes + ((long)entries * (RecordHeader.Bytes + RecordHeader.Alignment)) + _options.ReserveBytes;

        // The larger of the two and not their sum: no record spans two segments, so the end of the current one may be lost.
        return !IsSpaceLow || needed <= Math.Max(Volatile.Read(ref _roomBytes), _spare.RoomBytes);
    }

    /// <summary>Closes the files once their last reader is done. Does not sync: what is not synced was never
    /// acknowledged.</summary>
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
    /// <remarks>
    /// After a failed fdatasync Linux marks the dirty pages clean. A second fdatasync then succeeds although the bytes are not
    /// on the disk. So no later success may be believed, and only a restart, which copies the tail, goes on.
    /// </remarks>
    private WalFailedException Fail(StorageIoException cause) => _failure ??= new WalFailedException(cause);
}
