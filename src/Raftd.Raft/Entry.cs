namespace Raftd.Raft;

/// <summary>One entry of the log.</summary>
/// <remarks>
/// The entry owns the data: the caller never writes to that memory again.
/// A leader's first entry of its term is <see cref="EntryKind.Normal"/> with no data.
/// </remarks>
public sealed class Entry(EntryId id, EntryKind kind, ReadOnlyMemory<byte> data)
{
    /// <summary>What an entry costs besides its data, on the wire and in memory, roughly.</summary>
    internal const int OverheadBytes = 32;

    public EntryId Id => id;

    public ulong Term => id.Term;

    public ulong Index => id.Index;

    public EntryKind Kind => kind;

    public ReadOnlyMemory<byte> Data => data;

    /// <summary>What every byte limit of the core counts. Never zero, so empty entries cannot pile up without bound.</summary>
    internal long SizeBytes => data.Length + OverheadBytes;
}
