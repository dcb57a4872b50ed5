namespace Raftd.State.Keyspaces;

/// <summary>The newest version of a key that exists. Never changes; its value is asked for apart (IKeyspace.ValueOf).</summary>
public interface ILiveKey
{
    /// <summary>Not to be changed.</summary>
    byte[] Key { get; }

    /// <summary>Of the last change: its Main is the key's mod revision.</summary>
    Revision Revision { get; }

    long CreateRevision { get; }

    /// <summary>Counts the puts since the key was created, from 1.</summary>
    long Version { get; }

    /// <summary>The lease it is attached to; 0 for none.</summary>
    long Lease { get; }

    int ValueBytes { get; }

    /// <summary>Set by a keepalive that named it: it has a deadline of its own within its lease.</summary>
    bool HasOwnDeadline { get; }

    /// <summary>What the version counts in the logical bytes.</summary>
    int LogicalBytes { get; }
}
