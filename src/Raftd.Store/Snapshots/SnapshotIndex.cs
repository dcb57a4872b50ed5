namespace Raftd.Store.Snapshots;

/// <summary>Where the chunks of a snapshot lie that was written to a file one behind the other.</summary>
/// <remarks>
/// One entry for a group of chunks, not for each: the chunks of a group are found by their headers. Two chunks that follow
/// each other hold more than <see cref="SnapshotSenderOptions.ChunkBytes"/>, so a state of 1 TiB takes about 4 MiB here at
/// the most, and any chunk is found in fewer than <see cref="ChunksPerGroup"/> short reads. One thread fills it; afterwards
/// any number may read it.
/// </remarks>
public sealed class SnapshotIndex
{
    internal const int ChunksPerGroup = 32;

    private readonly List<SnapshotPlace> _groups = [];
    private uint _crc;

    public long ChunkCount { get; private set; }

    public long TotalBytes { get; private set; }

    /// <summary>Takes note of the next chunk, which lies behind those before it.</summary>
    public void Add(ReadOnlySpan<byte> chunk)
    {
        if (ChunkCount % ChunksPerGroup == 0)
        {
            _groups.Add(new SnapshotPlace(ChunkCount, TotalBytes, _crc));
        }

        _crc = SnapshotChunkHeader.Read(chunk).Crc;
        ChunkCount++;
        TotalBytes += chunk.Length;
    }

    /// <summary>The first chunk of the group that holds this one.</summary>
    internal SnapshotPlace GroupOf(long chunk) => _groups[(int)(chunk / ChunksPerGroup)];
}

/// <summary>Where a chunk begins, and the CRC of the chunk before it, over which its own is chained.</summary>
internal readonly record struct SnapshotPlace(long Chunk, long Offset, uint PreviousCrc);
