namespace Raftd.Wal;

/// <summary>Walks the records of a segment up to the first that is not valid.</summary>
/// <remarks>
/// A record is valid when its own checksum, its link to the record before and the checksum of its data hold. Lengths are
/// believed only after the header's checksum, and are bounded by the end of the segment even then.
/// </remarks>
internal sealed class SegmentScan(FileWindow window, uint chainSeed)
{
    private readonly uint _seed = chainSeed;

    /// <summary>Where the record after <see cref="Current"/> begins; once the walk has stopped, where it stopped.</summary>
    public long Offset { get; private set; } = SegmentHeader.Bytes;

    /// <summary>The checksum that the next record has to repeat.</summary>
    public uint Link { get; private set; } = chainSeed;

    public RecordHeader Current { get; private set; }

    /// <summary>Why the walk stopped.</summary>
    public string StopReason { get; private set; } = "";

    public bool MoveNext()
    {
        if (Offset + RecordHeader.Bytes > window.End)
        {
            StopReason = "the segment is full";
            return false;
        }

        var bytes = window.At(Offset, RecordHeader.Bytes);
        if (!RecordHeader.TryRead(bytes, _seed, out var header, out var link))
        {
            StopReason = "the record header's checksum is wrong";
            return false;
        }

        StopReason = Check(header);
        if (StopReason.Length > 0)
        {
            return false;
        }

        (Current, Link, Offset) = (header, link, Offset + header.Size);
        return true;
    }

    /// <summary>Looks behind the point where the walk stopped: what is there, and does it prove that more was synced?</summary>
    /// <remarks>
    /// A record is made after the sync that it speaks of, so a later record whose "synced" lies above the damage proves
    /// that the damaged bytes had been durable. It looks at every multiple of 8, since the damage may have taken the
    /// lengths that lead from record to record. Bytes inside a client's value that look like a record do not pass: the
    /// checksum is seeded with the chain, which the client does not know.
    /// </remarks>
    public Remains LookAhead()
    {
        long lastNonZero = 0;
        for (var at = Offset; at < window.End; at += RecordHeader.Alignment)
        {
            var count = (int)Math.Min(RecordHeader.Bytes, window.End - at);
            var bytes = window.At(at, count);
            if (!bytes[..RecordHeader.Alignment].ContainsAnyExcept((byte)0))
            {
                continue;
            }

            lastNonZero = at + RecordHeader.Alignment;
            if (count == RecordHeader.Bytes && RecordHeader.TryRead(bytes, _seed, out var header, out _)
                && header.Synced > Offset && header.Synced <= at)
            {
                return new Remains(lastNonZero, at);
            }
        }

        return new Remains(lastNonZero, ProofAt: 0);
    }

    private string Check(in RecordHeader header)
    {
        if (header.Before != Link)
        {
            return "the record does not follow the one before it";
        }

        if (header.Length < 0 || Offset + header.Size > window.End)
        {
            return $"the record's length {header.Length} goes beyond the segment";
        }

        var data = window.At(Offset + RecordHeader.Bytes, (int)(header.Size - RecordHeader.Bytes));
        return Crc32C.Append(0, data) != header.DataCrc ? "the checksum of the record's data is wrong" : "";
    }
}

/// <summary>What lies behind the last valid record of a segment.</summary>
/// <param name="End">Behind the last byte that is not zero; 0 when all are zero.</param>
/// <param name="ProofAt">Offset of a record that proves damage below what was synced; 0 when there is none.</param>
internal readonly record struct Remains(long End, long ProofAt);
