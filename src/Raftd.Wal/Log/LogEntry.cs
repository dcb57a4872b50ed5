namespace Raftd.Wal;

/// <summary>One entry of the replicated log. The kind is the caller's; the log only keeps it.</summary>
/// <param name="Term">Never falls from one entry to the next.</param>
/// <param name="Index">From 1, without gaps.</param>
/// <param name="Kind">What the data is; not read by the log.</param>
/// <param name="Data">
/// Appending copies it before it returns. From <see cref="WriteAheadLog.Read"/> it is memory of its own, for as long as
/// the reader likes.
/// </param>
public readonly record struct LogEntry(ulong Term, ulong Index, byte Kind, ReadOnlyMemory<byte> Data);
