// The writer's side, part two: bytes reach the file, then the disk.
//
// The order of a batch that fills its segment and goes on in the next; a crash may fall between any two steps:
//
//  1. pwrite the rest of the old segment, fdatasync it       the old segment is whole from here on
//  2. make the new segment: header, fsync, rename,           its name is durable before it has a record
//     fsync of the directory (SegmentFiles.Create)
//  3. pwrite its records
//  4. fdatasync, then SyncedIndex moves                      only now may the caller acknowledge
//
// A crash before 4 may leave any part of the batch. None of it was acknowledged, and recovery keeps only a prefix: it drops
// everything from the first bad record on, sound or not.
//
// fdatasync is enough, and fsync only slower: a segment has its full length, written with zeros and synced, before it has
// its name. So no write of a record changes metadata that is needed to read it back.
//
// A full disk is no failure. Room is needed in step 2 alone, and when that fails nothing of the new segment exists:
// _written says which chunks are in their files, so the next Write goes on with the first that is not.

namespace Raftd.Wal;

public sealed partial class WriteAheadLog
{
    private int _written; // chunks of the buffer that are in their files
    private bool _dirty; // the current segment has bytes that were not synced; no other segment ever has

    /// <summary>Something was appended that is not durable yet.</summary>
    public bool HasUnsynced => _chunks.Count > 0 || _dirty;

    /// <summary>Hands the buffer to the files, one pwrite for each segment that it touches; makes new segments.</summary>
    /// <exception cref="WalSpaceException">
    /// No room for the next segment. What was appended stays buffered: call again, or Append more, or Reset.
    /// </exception>
    /// <exception cref="WalFailedException">A write or a sync failed, now or earlier.</exception>
    public void Write()
    {
        ThrowIfFailed();
        try
        {
            for (; _written < _chunks.Count; _written++)
            {
                WriteChunk(_written);
            }
        }
        catch (StorageIoException e)
        {
            throw Fail(e);
        }

        ClearBuffer();
        lock (_gate)
        {
            // Only now: a reader that finds an index at or below this reads its bytes from the file.
            _writtenIndex = _index.LastIndex;
        }
    }

    /// <summary>Write, then one fdatasync; with nothing unsynced, nothing.</summary>
    /// <remarks>A roll to a new segment costs two more: the old segment first, the new one's header before its name.</remarks>
    /// <inheritdoc cref="Write" path="/exception"/>
    public void Sync()
    {
        Write();
        SyncCurrent();

        // Records made from here on prove that everything before them was durable. Set earlier, a torn write would pass
        // for damage below a sync, and the member would refuse to start.
        _tail.Synced = _tail.Offset;
        lock (_gate)
        {
            _syncedIndex = _writtenIndex;
        }
    }

    /// <remarks>
    /// May run again for one chunk, after a full disk, and still makes its segment once: a Roll that finds the disk full
    /// leaves no segment behind, and any other failure, here or in the Roll, is final.
    /// </remarks>
    private void WriteChunk(int at)
    {
        var chunk = _chunks[at];
        if (chunk.NewSegment is { } header)
        {
            Roll(header);
        }

        var end = at + 1 < _chunks.Count ? _chunks[at + 1].Start : _buffered;
        Failpoint.Hit("log.write", errno => new StorageIoException("pwrite", _files.NameOf(Current.Number), errno));
        Current.File.Write(chunk.FileOffset, _buffer.AsSpan(chunk.Start, end - chunk.Start));
        _dirty = true;
    }

    /// <summary>Makes the next segment, after the current one is durable: only the last segment may ever be torn.</summary>
    private void Roll(in SegmentHeader header)
    {
        SyncCurrent();
        var segment = _files.Create(header);
        lock (_gate)
        {
            _segments.Add(segment);
        }
    }

    private void SyncCurrent()
    {
        if (!_dirty)
        {
            // Durable to its end already. That holds for a new segment too: Create syncs the header before the name.
            return;
        }

        try
        {
            Failpoint.Hit("log.sync", errno => new StorageIoException("fdatasync", _files.NameOf(Current.Number), errno));
            Current.File.SyncData();
        }
        catch (StorageIoException e)
        {
            throw Fail(e);
        }

        _dirty = false;
    }

    private void ClearBuffer()
    {
        if (Verify.Enabled)
        {
            _buffer.AsSpan(0, _buffered).Fill(Verify.Scribble);
        }

        _chunks.Clear();
        (_written, _buffered) = (0, 0);
        if (_buffer.Length > RetainedBufferBytes)
        {
            _buffer = new byte[RetainedBufferBytes];
        }
    }
}
