namespace Raftd.Node;

/// <summary>Why a member cannot start or go on. The executable gives each its own exit code (docs/operations.md).</summary>
public enum FatalReason
{
    /// <summary>Missing rights, a read-only file system, not a directory.</summary>
    DataDirectoryUnusable,

    /// <summary>Another process uses the directory.</summary>
    DataDirectoryLocked,

    /// <summary>The peer address is taken.</summary>
    PeerAddressInUse,

    /// <summary>The directory was wiped, copied, removed from its cluster, or belongs elsewhere.</summary>
    IdentityRefused,

    /// <summary>Asked to found a cluster where one knows this member already.</summary>
    FoundingRefused,

    /// <summary>No cluster accepted the member.</summary>
    JoinFailed,

    /// <summary>A write or sync of the log or the state failed.</summary>
    StorageFailed,

    /// <summary>The log or member.json is not what was written.</summary>
    LogCorrupt,

    /// <summary>The state is not what was written.</summary>
    StateCorrupt,

    /// <summary>A newer build wrote the data, or the cluster is at a feature level that this build does not know.</summary>
    NewerLevel,

    /// <summary>The disk is too full to start.</summary>
    DiskFull,

    /// <summary>liblmdb is not installed.</summary>
    LibraryMissing,

    /// <summary>A recovery may lose what was acknowledged, and the operator has not said that it may.</summary>
    LossNotAccepted,

    /// <summary>The impossible happened.</summary>
    InvariantBroken,
}

/// <summary>Ends the process with one readable line: what happened, and what to do.</summary>
public sealed class FatalStopException(FatalReason reason, string what, string remedy, Exception? cause = null)
    : Exception($"{what}: {remedy}", cause)
{
    public FatalReason Reason { get; } = reason;

    public string What { get; } = what;

    public string Remedy { get; } = remedy;
}
