// The log shrinks at its front, a segment at a time, and starts anew after a snapshot.
//
// The naive way deletes the files and goes on. A crash then leaves any subset of them, a replacement may be lost with the
// entries that it replaced gone already, and a reader finds a position in a file that is closed. So:
//
//  - What replaces is durable before what it replaces is deleted (DeleteBelow syncs first).
//  - Segments go from the oldest on, each deletion durable before the next. A crash leaves a suffix of the log, and a
//    segment that is missing in the middle is corruption and never the trace of a crash.
//  - Reset is one rename: the header of the new segment names all older ones as superseded. Their deletion comes after,
//    and Open repeats it if a crash leaves some.
//  - A reader holds the segments that it reads (Segment.Hold). Linux keeps the bytes of a file whose name is gone for as
//    long as it is open.
//  - A segment leaves the list and its entries leave the index in one step under the lock: a reader finds both or neither.

using System.Buffers.Binary;

namespace Raftd.Wal;

public sealed partial class WriteAheadLog
{
    /// <summary>Removes the segments, oldest first, in which no entry from <paramref name="index"/> on lives.</summary>
    /// <remarks>
    /// Writer thread. FirstIndex becomes that of the first entry left, at most <paramref name="index"/>. Syncs first when
    /// something is unsynced. On a full disk that sync may wait for the very room that a deletion makes: then the deletion
    /// goes on, and the last durable entry and everything after it stay.
    /// </remarks>
    /// <exception cref="WalFailedException">A write or a sync failed, now or earlier.</exception>
    public void DeleteBelow(ulong index)
    {
        if (HasUnsynced && !TrySync())
        {
            index = Math.Min(index, _syncedIndex);
        }

        ThrowIfFailed();

        // Never above the current segment: the next record continues its chain.
        var keep = index <= _index.BaseIndex ? _segments[0].Number
            : index > _index.LastIndex ? Current.Number
            : _index[index].Segment;
        try
        {
            while (_segments[0].Number < keep)
            {
                DeleteOldest();
            }
        }
        catch (StorageIoException e)
        {
            throw Fail(e);
        }
    }

    /// <summary>Forgets the whole log and starts anew after an entry that a snapshot covers; durable on return.</summary>
    /// <remarks>
    /// Writer thread. What is buffered is dropped. One rename decides: the new segment carries the base and the state in
    /// its header, durable before it has its name, and supersedes every older segment. A crash before the rename leaves
    /// the old log, a crash after it the new one.
    /// </remarks>
    /// <exception cref="WalSpaceException">No room for the segment; the old log stands, its buffer too.</exception>
    /// <exception cref="WalFailedException">A write or a sync failed, now or earlier.</exception>
    public void Reset(ulong index, ulong term, LogState state)
    {
        ThrowIfFailed();
        Invariant.Check(state.Commit <= index, $"commit {state.Commit} is above the snapshot's index {index}");
        Invariant.Check(state.Term >= term, $"term {state.Term} is below the snapshot's term {term}");
        var header = new SegmentHeader(
            Current.Number + 1, FirstReplaced: 0, _options.SegmentSizeBytes, SegmentHeader.Bytes,
            index, term, state, NewChain(_tail.Link, index, term));
        try
        {
            StartAnew(_files.Create(header), state);
        }
        catch (StorageIoException e)
        {
            throw Fail(e);
        }
    }

    private bool TrySync()
    {
        try
        {
            Sync();
            return true;
        }
        catch (WalSpaceException)
        {
            return false;
        }
    }

    /// <remarks>
    /// Memory first, then the name, then its durability. A crash before the last step may bring the segment back: the next
    /// start then has a longer log than this process had, and all of it is right.
    /// </remarks>
    private void DeleteOldest()
    {
        var oldest = _segments[0];
        lock (_gate)
        {
            _segments.RemoveAt(0);
            _index.DropBelow(FirstBehind(oldest.Number));
        }

        oldest.Release();
        Failpoint.Hit("log.delete", errno => new StorageIoException("unlink", _files.NameOf(oldest.Number), errno));
        _files.Delete(oldest.Number);
        Failpoint.Hit("log.deleted");
        _files.SyncDirectory();
    }

    /// <summary>The first entry that lives in a segment above this one; LastIndex + 1 when there is none.</summary>
    /// <remarks>
    /// Entries lie in the segments in the order of their index, so a binary search finds it: an entry is appended behind
    /// all others, and everything at or above its index leaves the index at that moment.
    /// </remarks>
    private ulong FirstBehind(ulong segment)
    {
        var (low, high) = (_index.BaseIndex + 1, _index.LastIndex + 1);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (low, high) = _index[middle].Segment > segment ? (low, middle) : (middle + 1, high);
        }

        return low;
    }

    /// <summary>The new segment has its name: what follows makes memory agree with the disk.</summary>
    /// <remarks>
    /// Only the deletions can fail. That is final for this process, and harms no later one: Open ignores superseded segments
    /// and deletes them.
    /// </remarks>
    private void StartAnew(Segment fresh, in LogState state)
    {
        var old = _segments.ToArray();
        ClearBuffer();
        (_dirty, _state, _tail) = (false, state, new Tail(fresh.Header, SegmentHeader.Bytes, fresh.Header.ChainSeed));
        lock (_gate)
        {
            _segments.Clear();
            _segments.Add(fresh);
            _index.Restart(fresh.Header.BaseIndex, fresh.Header.BaseTerm);
            _writtenIndex = _syncedIndex = fresh.Header.BaseIndex;
        }

        Volatile.Write(ref _roomBytes, _tail.Capacity - _tail.Offset);
        foreach (var segment in old)
        {
            segment.Release();
            _files.Delete(segment.Number);
        }

        _files.SyncDirectory();
    }

    /// <summary>A chain of its own: no record of the old log can follow in the new one.</summary>
    private static uint NewChain(uint link, ulong index, ulong term)
    {
        Span<byte> place = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(place, index);
        BinaryPrimitives.WriteUInt64LittleEndian(place[sizeof(ulong)..], term);
        return Crc32C.Append(link, place);
    }
}
