// Reads beside the writer.
//
// The naive reader holds the lock while it reads, and one slow read stops the group commit of the whole member. Here:
//
//  1. Under the lock: find the positions of the entries up to WrittenIndex, and hold their segments.
//  2. Without it: read, in runs of neighbouring records.
//  3. Verify each record against its position and its checksums.
//  4. Release the segments; the last holder of a deleted one closes it.
//
// The races, and why none of them harms:
//  - The writer replaces an entry between 1 and 2. Its bytes stay where they are, so the answer is the log as it was at 1.
//    The caller compares terms with the log as it is by then (RaftNode.EntriesRead).
//  - The writer deletes the segment or resets the log. The reader holds the file.
//  - The writer appends to the same segment. The reader reads no byte at or above what was written at 1.
//
// The record was sound when it was written, but the disk may have lost it since. Without step 3 a flipped bit would be sent
// to the peers as an entry, or applied here.

namespace Raftd.Wal;

public sealed partial class WriteAheadLog
{
    /// <summary>The entries of a run share one array. So this bounds also what one entry that is kept keeps alive, unless the
    /// entry itself is larger.</summary>
    private const int MaxRunBytes = 4 << 20;

    /// <summary>The entries of [low, high) that are written, until their data exceeds <paramref name="maxBytes"/>.</summary>
    /// <remarks>
    /// Any thread. Buffered entries are not included: the answer ends at <see cref="WrittenIndex"/>, and may be empty.
    /// The first entry is given even if it is larger than that. Each entry is verified against its checksum.
    /// </remarks>
    /// <exception cref="LogCompactedException"><paramref name="low"/> is below FirstIndex.</exception>
    /// <exception cref="WalCorruptException">The disk no longer has what was written.</exception>
    public IReadOnlyList<LogEntry> Read(ulong low, ulong high, long maxBytes)
    {
        var positions = new List<EntryPosition>();
        var held = new List<Segment>();
        try
        {
            Locate(low, high, maxBytes, positions, held);
            return ReadAt(low, positions, held);
        }
        finally
        {
            held.ForEach(segment => segment.Release());
        }
    }

    /// <summary>Valid on [FirstIndex - 1, LastIndex], buffered entries included. Any thread.</summary>
    /// <exception cref="LogCompactedException">The index is below that.</exception>
    public ulong Term(ulong index)
    {
        lock (_gate)
        {
            ThrowIfCompacted(index + 1);
            return _index.Term(index);
        }
    }

    /// <summary>Finds the entries and keeps their segments open, in one step under the lock.</summary>
    /// <remarks>The lock is held for as long as it takes to look up one answer's entries in memory, and never for the disk.</remarks>
    private void Locate(ulong low, ulong high, long maxBytes, List<EntryPosition> positions, List<Segment> held)
    {
        lock (_gate)
        {
            ThrowIfCompacted(low);
            var bytes = 0L;
            for (var index = low; index < high && index <= _writtenIndex; index++)
            {
                var position = _index[index];
                bytes += position.Length;
                if (bytes > maxBytes && positions.Count > 0)
                {
                    return;
                }

                positions.Add(position);
                if (held.Count == 0 || held[^1].Number != position.Segment)
                {
                    held.Add(Hold(position.Segment));
                }
            }
        }
    }

    private void ThrowIfCompacted(ulong index)
    {
        if (index <= _index.BaseIndex)
        {
            throw new LogCompactedException(index, _index.BaseIndex + 1);
        }
    }

    /// <remarks>Under the lock. A position in the index names a live segment: both leave in one step (DeleteOldest).</remarks>
    private Segment Hold(uint number)
    {
        var segment = _segments.Find(candidate => candidate.Number == number);
        Invariant.Check(segment is not null, $"an entry is in segment {number:x16}, which is not there");
        segment.Hold();
        return segment;
    }

    /// <summary>Reads runs of neighbouring records with one call each.</summary>
    internal static List<LogEntry> ReadAt(ulong low, List<EntryPosition> positions, List<Segment> held)
    {
        var entries = new List<LogEntry>(positions.Count);
        var (start, at) = (0, 0);
        while (start < positions.Count)
        {
            at = held[at].Number == positions[start].Segment ? at : at + 1;
            var end = start + 1;
            while (end < positions.Count && Continues(positions[start], positions[end - 1], positions[end]))
            {
                end++;
            }

            ReadRun(held[at], low + (ulong)start, positions[start..end], entries);
            start = end;
        }

        return entries;
    }

    /// <summary>Near enough to be read with one call: state records and replaced entries may lie in between.</summary>
    private static bool Continues(in EntryPosition first, in EntryPosition last, in EntryPosition next) =>
        next.Segment == first.Segment && next.Offset - last.End <= 4096 && next.End - first.Offset <= MaxRunBytes;

    private static void ReadRun(Segment segment, ulong index, List<EntryPosition> run, List<LogEntry> entries)
    {
        var start = run[0].Offset;
        var bytes = new byte[run[^1].End - start];
        var length = segment.File.Read(start, bytes);
        foreach (var position in run)
        {
            var record = bytes.AsMemory((int)(position.Offset - start), (int)(position.End - position.Offset));
            if (length < bytes.Length || !TryDecode(segment, index, position, record, out var entry))
            {
                throw new WalCorruptException(segment.Number, position.Offset, $"entry {index} is not what was written");
            }

            entries.Add(entry);
            index++;
        }
    }

    /// <remarks>
    /// Index and term are compared as well: if the disk has put a record of this segment in the wrong place, its checksums
    /// still hold.
    /// </remarks>
    private static bool TryDecode(
        Segment segment, ulong index, in EntryPosition position, ReadOnlyMemory<byte> record, out LogEntry entry)
    {
        var data = record[RecordHeader.Bytes..];
        var sound = RecordHeader.TryRead(record.Span, segment.Header.ChainSeed, out var header, out _)
            && header.Index == index && header.Term == position.Term && header.Length == position.Length
            && header.DataCrc == Crc32C.Append(0, data.Span);
        entry = sound ? new LogEntry(header.Term, index, header.Kind, data[..header.Length]) : default;
        return sound;
    }
}
