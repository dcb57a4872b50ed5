namespace Raftd.State.Keyspaces;

[Flags]
public enum KeyFlags : byte
{
    None = 0,

    Tombstone = 1,

    /// <summary>Set by a keepalive that named the key: it has a deadline of its own within its lease.</summary>
    OwnDeadline = 2,
}
