// The writer's side, part one: records are made in memory.
//
// A record depends on its place. It carries the checksum of the record before it (the link), and how much of its segment is
// durable (synced). So it is encoded for the offset that it will have, and _tail runs ahead of the file: it says where the
// next record goes with all buffered ones counted. Write later moves the bytes and looks into none of them.
//
// The buffer is a row of chunks, one for each run of bytes within one segment. A record that does not fit into the current
// segment begins a chunk with the header of the next one; the file is made when that chunk is written. So Append touches no
// disk and cannot meet a full one.
//
// Invariants:
//  - The chunks cover [0, _buffered) in order and without a gap: each ends where the next one starts.
//  - _tail.Synced <= _tail.Offset <= _tail.Capacity. A record claims as synced only bytes that lie before it.
//  - _index and _state show everything appended, buffered or not.

namespace Raftd.Wal;

public sealed partial class WriteAheadLog
{
    /// <summary>A buffer that one batch made larger than this is given back once the batch is in its files.</summary>
    private const int RetainedBufferBytes = 8 << 20;

    private readonly List<Chunk> _chunks = []; // of _buffer, in order; from _written on they are still to be written
    private byte[] _buffer = new byte[64 << 10]; // owned by the writer; doubles as a batch needs it
    private int _buffered;
    private Tail _tail;
    private long _roomBytes; // of the current segment, behind the tail; read by other threads

    /// <summary>Adds entries, then the state, to the buffer. Copies the data; nothing reaches the disk before Write.</summary>
    /// <remarks>
    /// An entry at or below LastIndex replaces everything from its index on (Raft paper, 5.3); the log must cover the
    /// state's commit index. The state follows the entries, so that no torn prefix has a commit index above its last
    /// entry.
    /// </remarks>
    /// <exception cref="WalFailedException">An earlier write or sync failed.</exception>
    public void Append(ReadOnlySpan<LogEntry> entries, LogState? state)
    {
        ThrowIfFailed();
        foreach (ref readonly var entry in entries)
        {
            AppendEntry(entry);
        }

        if (state is { } changed)
        {
            AppendState(changed);
        }

        Volatile.Write(ref _roomBytes, _tail.Capacity - _tail.Offset);
    }

    private void AppendEntry(in LogEntry entry)
    {
        var (term, index, length) = (entry.Term, entry.Index, entry.Data.Length);

        // The core checks the same by numbers of its own. These are the log's: what they refuse would reach the disk.
        Invariant.Check(index > _state.Commit, $"entry {index} would replace a committed one, commit is {_state.Commit}");
        Invariant.Check(index <= _index.LastIndex + 1, $"entry {index} leaves a gap after {_index.LastIndex}");
        Invariant.Check(index > _index.BaseIndex, $"entry {index} is below the log's start {_index.BaseIndex + 1}");
        Invariant.Check(length <= _options.MaxRecordBytes, $"entry of {length} bytes, limit {_options.MaxRecordBytes}");
        var previousTerm = _index.Term(index - 1);
        Invariant.Check(term >= previousTerm, $"entry {index} of term {term} after one of term {previousTerm}");

        // Reserve may start a segment and so moves _tail: the header below is made after it, from the tail it leaves.
        var record = Reserve(RecordHeader.SizeOf(length));
        entry.Data.Span.CopyTo(record[RecordHeader.Bytes..]);

        // The buffer is used again for each batch. The padding has to be zeros, because the data's checksum covers it.
        record[(RecordHeader.Bytes + length)..].Clear();
        var dataCrc = Crc32C.Append(0, record[RecordHeader.Bytes..]);
        var header = new RecordHeader(
            _tail.Link, RecordType.Entry, entry.Kind, length, term, index, previousTerm, _tail.Synced, dataCrc);

        // A replay raises the term in the same way (LogRecovery.ApplyEntry). So memory and disk agree, also where the state
        // record that follows is torn off.
        _state = _state.RaisedTo(term);
        Note(index, new EntryPosition(term, (uint)_tail.Segment, (uint)_tail.Offset, length));
        Finish(record, header);
    }

    private void AppendState(in LogState state)
    {
        Invariant.Check(state.Commit <= _index.LastIndex, $"commit {state.Commit} is above entry {_index.LastIndex}");
        Invariant.Check(state.Commit >= _state.Commit, $"commit falls from {_state.Commit} to {state.Commit}");
        Invariant.Check(state.Term >= _state.Term, $"term falls from {_state.Term} to {state.Term}");
        var record = Reserve(RecordHeader.Bytes);
        Finish(record, RecordHeader.ForState(state, _tail.Link, _tail.Synced));
        _state = state;
    }

    /// <summary>Publishes an entry to the other threads; what it replaces is neither written nor synced any more.</summary>
    /// <remarks>
    /// In one step under the lock. If the indexes fell later, a reader between the two would take the new entry's position
    /// for written and read bytes that are still in the buffer, and a caller would take it for durable.
    /// </remarks>
    private void Note(ulong index, in EntryPosition position)
    {
        lock (_gate)
        {
            _index.Put(index, position);
            _writtenIndex = Math.Min(_writtenIndex, index - 1);
            _syncedIndex = Math.Min(_syncedIndex, index - 1);
        }
    }

    private void Finish(Span<byte> record, in RecordHeader header)
    {
        _tail.Link = header.WriteTo(record, _tail.Seed);
        _tail.Offset += record.Length;
    }

    /// <summary>Room for one record in the buffer, at the tail of a segment that can hold it.</summary>
    private Span<byte> Reserve(long size)
    {
        if (_tail.Offset + size > _tail.Capacity)
        {
            StartSegment(size);
        }
        else if (_chunks.Count == 0)
        {
            _chunks.Add(new Chunk(NewSegment: null, _tail.Offset, _buffered));
        }

        if (_buffered + size > _buffer.Length)
        {
            Array.Resize(ref _buffer, checked((int)Math.Max(_buffered + size, Math.Min(_buffer.Length * 2L, Array.MaxLength))));
        }

        var record = _buffer.AsSpan(_buffered, (int)size);
        _buffered += (int)size;
        return record;
    }

    /// <summary>From here on records belong to the next segment; it is made when the buffer is written.</summary>
    /// <remarks>
    /// The header repeats what the segments before it add up to: last entry, state, link. Recovery compares the two, and so
    /// notices a segment that is missing or cut short. When the oldest segments are deleted, the header is where the log
    /// starts.
    /// </remarks>
    private void StartSegment(long size)
    {
        var number = _tail.Segment + 1;
        Invariant.Check(number <= uint.MaxValue, $"segment number {number}"); // EntryPosition keeps 32 bits of it
        var header = new SegmentHeader(
            number, number, CapacityFor(_options, SegmentHeader.Bytes + size), SegmentHeader.Bytes,
            _index.LastIndex, _index.LastTerm, _state, _tail.Link);
        _chunks.Add(new Chunk(header, SegmentHeader.Bytes, _buffered));
        _tail = new Tail(header, SegmentHeader.Bytes, _tail.Link);
    }

    /// <summary>A run of the buffer that goes to one place; it ends where the next one starts.</summary>
    /// <param name="NewSegment">The segment to make first, or null to go on in the current one.</param>
    /// <param name="FileOffset">Where the run goes.</param>
    /// <param name="Start">Where it starts in the buffer.</param>
    private readonly record struct Chunk(SegmentHeader? NewSegment, long FileOffset, int Start);

    /// <summary>Where the next record goes, buffered ones counted.</summary>
    private struct Tail(in SegmentHeader header, long offset, uint link)
    {
        public readonly ulong Segment = header.Number;
        public readonly long Capacity = header.Capacity;
        public readonly uint Seed = header.ChainSeed;
        public long Offset = offset;
        public uint Link = link;

        /// <summary>[0, Synced) of the segment is durable; what new records carry.</summary>
        public long Synced = header.Synced;
    }
}
