namespace Raftd.State.Leases;

public enum LeaseChangeKind
{
    /// <summary>A lease exists from now on.</summary>
    Granted,

    /// <summary>A keepalive entry: of the key if one is named, else of the lease and all its keys.</summary>
    Renewed,

    /// <summary>A key was attached to a lease whose time had not begun: it begins now.</summary>
    Claimed,

    /// <summary>The remaining time of the lease, or of the key if one is named, is stored: a renewal needs an entry from
    /// now on.</summary>
    Checkpointed,

    Removed,

    /// <summary>A key with a deadline of its own was set.</summary>
    KeySet,

    /// <summary>A key that had a deadline of its own was deleted, or has it no more.</summary>
    KeyRemoved,

    /// <summary>A proposed expiry of the lease, or of the key if one is named, did nothing.</summary>
    ExpiryVoid,
}

/// <summary>What an applied entry has done to a lease, for the leader that keeps its time.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Id">The lease.</param>
/// <param name="Lease">As it is now, where that has changed.</param>
/// <param name="Key">The full name of the key it is about; null for the lease.</param>
/// <param name="KeyRecord">As it is now; null where the key is gone or has no deadline of its own.</param>
/// <param name="Term">Of the expiry that was void.</param>
public readonly record struct LeaseChange(
    LeaseChangeKind Kind,
    long Id,
    LeaseRecord? Lease = null,
    byte[]? Key = null,
    LeaseKeyRecord? KeyRecord = null,
    ulong Term = 0);
