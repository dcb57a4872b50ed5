using System.Buffers;

namespace Raftd.Store.Snapshots;

/// <summary>Fills the span from this place of a file; answers how much of it the file had.</summary>
public delegate int SnapshotFileRead(long offset, Span<byte> destination);

/// <summary>Reads chunks back from a file of them, from any on; those that follow each other without searching.</summary>
/// <remarks>
/// Each chunk is checked before it is handed out: what the disk has garbled since would be refused by the receiver, once
/// for every attempt. One thread at a time; readers of one file are independent of each other.
/// </remarks>
/// <param name="index">Of the file, complete.</param>
/// <param name="read">Reads the file.</param>
public sealed class SnapshotChunks(SnapshotIndex index, SnapshotFileRead read)
{
    private SnapshotPlace _next;

    /// <summary>Appends the whole chunk to the output.</summary>
    /// <returns>Its bytes.</returns>
    /// <exception cref="SnapshotCorruptException">The file does not hold what was written to it.</exception>
    public int Read(long chunk, IBufferWriter<byte> output)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(chunk);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(chunk, index.ChunkCount);
        var place = Find(chunk);
        var bytes = SnapshotFormat.HeaderBytes + ReadHeader(place).PayloadBytes;
        var target = output.GetSpan(bytes)[..bytes];
        Fill(place, target);
        var header = SnapshotChunkHeader.Read(target);
        if (header.Crc != SnapshotFormat.Checksum(target, place.PreviousCrc))
        {
            throw Corrupt(place, "its checksum differs from what was written");
        }

        output.Advance(bytes);
        _next = new SnapshotPlace(chunk + 1, place.Offset + bytes, header.Crc);
        return bytes;
    }

    private SnapshotPlace Find(long chunk)
    {
        var place = _next.Chunk == chunk ? _next : index.GroupOf(chunk);
        while (place.Chunk < chunk)
        {
            var header = ReadHeader(place);
            var behind = place.Offset + SnapshotFormat.HeaderBytes + header.PayloadBytes;
            place = new SnapshotPlace(place.Chunk + 1, behind, header.Crc);
        }

        return place;
    }

    /// <summary>A header is believed only where it says what was written there, and no more than the file has.</summary>
    private SnapshotChunkHeader ReadHeader(SnapshotPlace place)
    {
        Span<byte> bytes = stackalloc byte[SnapshotFormat.HeaderBytes];
        Fill(place, bytes);
        var header = SnapshotChunkHeader.Read(bytes);
        var room = index.TotalBytes - place.Offset - SnapshotFormat.HeaderBytes;
        if (header.Sequence != (ulong)place.Chunk
            || header.PayloadBytes is < 0 or > SnapshotFormat.MaxPayloadBytes
            || header.PayloadBytes > room)
        {
            throw Corrupt(place, $"it says to be chunk {header.Sequence} of {header.PayloadBytes} bytes");
        }

        return header;
    }

    private void Fill(SnapshotPlace place, Span<byte> target)
    {
        var had = read(place.Offset, target);
        if (had < target.Length)
        {
            throw Corrupt(place, $"the file ends {target.Length - had} bytes before its end");
        }
    }

    private static SnapshotCorruptException Corrupt(SnapshotPlace place, string reason) => new((ulong)place.Chunk, reason);
}
