namespace Raftd.State.Keyspaces;

/// <summary>One version of a key, or its deletion. Never changes.</summary>
public sealed record RevisionRecord(
    Revision Revision,
    byte[] Key,
    byte[] Value,
    long CreateRevision,
    long Version,
    long Lease,
    KeyFlags Flags)
{
    /// <summary>What a record counts beyond its key and value in the logical bytes: about what metadata, pages and
    /// index take. Part of the replicated state: it never changes.</summary>
    public const int OverheadBytes = 64;

    /// <summary>The length of the value as stored; Value itself may have been left out by Read.</summary>
    public int ValueBytes { get; init; } = Value.Length;

    public bool IsTombstone => (Flags & KeyFlags.Tombstone) != 0;

    public int LogicalBytes => Key.Length + ValueBytes + OverheadBytes;

    /// <summary>What a record takes at most, its overhead included. Apply refuses what is larger, so every engine must be able
    /// to store this much; part of the replicated state.</summary>
    public const int MaxBytes = 64 << 20;

    /// <summary>Whether a record of this size can be stored.</summary>
    public static bool Fits(long keyBytes, long valueBytes) => keyBytes + valueBytes + OverheadBytes <= MaxBytes;

    /// <summary>Adds the change to the hash chain.</summary>
    public void AddTo(StateHash hash)
    {
        hash.Add(Revision.Main, Revision.Sub);
        hash.Add(CreateRevision, Version);
        hash.Add(Lease, (long)Flags);
        hash.Add(Key);
        hash.Add(Value);
    }
}
