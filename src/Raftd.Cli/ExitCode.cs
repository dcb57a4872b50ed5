namespace Raftd.Cli;

/// <summary>
/// Why the process ended, for supervisors and scripts. docs/operations.md lists each code and what to do.
/// </summary>
/// <remarks>
/// Below 10 nothing was touched; 10 to 19 the member did not start and its data is as it was; from 20 on it stopped
/// because going on could have broken a promise. 3 and 4 belong to the launcher script (no SDK, build failed).
/// Numbers are never reused: unit files name them.
/// </remarks>
internal enum ExitCode
{
    /// <summary>Stopped on request.</summary>
    Ok = 0,

    /// <summary>The start failed for a reason that has no code of its own.</summary>
    StartFailed = 1,

    /// <summary>A flag, a variable or the configuration file is wrong.</summary>
    Usage = 2,

    /// <summary>A recovery may lose acknowledged writes, and <c>-accept-loss</c> was not said.</summary>
    LossNotAccepted = 5,

    /// <summary>The data directory cannot be made, read or written.</summary>
    DataDirectoryUnusable = 10,

    /// <summary>Another process holds the data directory.</summary>
    DataDirectoryLocked = 11,

    /// <summary>
    /// Another process listens on <c>-haddr</c> or <c>-raddr</c>, or the address is not this machine's.
    /// </summary>
    AddressInUse = 12,

    /// <summary>
    /// The cluster knows this member under another identity: a wiped directory, or another cluster's.
    /// </summary>
    IdentityRefused = 13,

    /// <summary>Started without <c>-join</c> on an empty directory, but a cluster already knows this member.</summary>
    FoundingRefused = 14,

    /// <summary>The cluster refused the join for good.</summary>
    JoinRefused = 15,

    /// <summary>A shared library (liblmdb.so.0) is missing.</summary>
    LibraryMissing = 16,

    /// <summary>The disk of the data directory was full at start.</summary>
    DiskFull = 17,

    /// <summary>The database of <c>-store</c> is not as it must be: unsafe settings, missing rights, tables of another format.</summary>
    DatabaseRefused = 18,

    /// <summary>
    /// A write or sync of the log or the state failed: what is on disk is unknown until a restart reads it.
    /// </summary>
    SyncFailed = 20,

    /// <summary>The log is damaged below what is known to be synced.</summary>
    LogCorrupt = 21,

    /// <summary>The state is damaged, or differs from the majority's.</summary>
    StateCorrupt = 22,

    /// <summary>The impossible happened: a bug, or a broken machine.</summary>
    InvariantBroken = 23,

    /// <summary>
    /// A newer build wrote the data, or the cluster is at a feature level that this build does not know.
    /// </summary>
    NewerLevel = 24,
}
