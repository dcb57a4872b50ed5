namespace Raftd.Wal;

/// <summary>The log is damaged below what was synced, or contradicts itself. Nothing on disk was changed.</summary>
/// <remarks>Never answered by cutting the log off: an entry that a majority relied on would be gone (failures 26, 27
/// of docs/failures.md).</remarks>
public sealed class WalCorruptException(ulong segment, long offset, string reason) : IOException(
    $"write-ahead log is corrupt: segment {segment:x16}.wal at byte {offset}: {reason}. Nothing was changed on disk. " +
    "Check the disk; remove this member from the cluster and join it again with an empty data directory, so that its " +
    "peers repair it; a member that stands alone is restored from a backup")
{
    public ulong Segment { get; } = segment;

    /// <summary>Bytes from the start of the file.</summary>
    public long Offset { get; } = offset;

    public string Reason { get; } = reason;
}

/// <summary>The log was written by a newer version. Nothing on disk was changed.</summary>
public sealed class WalVersionException(ulong segment, uint found, uint known) : IOException(
    $"segment {segment:x16}.wal has format version {found}; this raftd knows version {known}: start a newer raftd")
{
    public uint Found { get; } = found;
}

/// <summary>A write or a sync of the log failed. Final: each later call throws this same exception.</summary>
/// <remarks>The process must stop and start again; only a restart, which rereads and rewrites the tail, may go on.</remarks>
public sealed class WalFailedException(Exception cause) : IOException(
    $"the write-ahead log failed and accepts nothing more until a restart: {cause.Message}", cause);

/// <summary>No room for the next segment. Not final: what was appended stays buffered; sync again once there is room.</summary>
public sealed class WalSpaceException(string directory, Exception? cause) : IOException(
    $"no space for the next segment of the write-ahead log in {directory}; nothing was acknowledged and nothing is lost: " +
    "free space on this disk, the log goes on by itself", cause);

/// <summary>The entry is below the start of the log: it is in the state, or in a snapshot.</summary>
public sealed class LogCompactedException(ulong index, ulong firstIndex) : Exception(
    $"entry {index} is no longer in the log, which starts at {firstIndex}");
