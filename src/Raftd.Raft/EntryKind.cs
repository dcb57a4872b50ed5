namespace Raftd.Raft;

/// <summary>What the core has to know of an entry. The values are written to disk and wire and never reused.</summary>
public enum EntryKind : byte
{
    /// <summary>The data is the caller's, opaque here; empty in the first entry of a leader's term.</summary>
    Normal = 0,

    /// <summary>The data is a whole encoded <see cref="Configuration"/>.</summary>
    Configuration = 1,
}
