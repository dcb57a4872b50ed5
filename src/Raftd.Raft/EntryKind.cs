namespace Raftd.Raft;

/// <summary>What the core has to know of an entry. The values are written to disk and wire and never reused.</summary>
public enum EntryKind : byte
{
    Normal = 0,

    /// <summary>The data is a whole encoded <see cref="Configuration"/>.</summary>
    Configuration = 1,
}
