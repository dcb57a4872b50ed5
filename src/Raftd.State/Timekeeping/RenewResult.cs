namespace Raftd.State.Timekeeping;

public enum RenewStatus
{
    /// <summary>Renewed without an entry: nothing replicated has changed.</summary>
    Renewed,

    /// <summary>The lease does not exist.</summary>
    NotFound,

    /// <summary>The lease has no such key, and no data came with it.</summary>
    KeyNotFound,

    /// <summary>Propose CommandFactory.LeaseKeepAlive; its result is the answer.</summary>
    NeedsEntry,

    /// <summary>Its expiry is proposed: await Outcome, then ask again.</summary>
    Wait,

    /// <summary>This member does not keep the time of leases.</summary>
    NotLeader,
}

/// <param name="Status">What became of it.</param>
/// <param name="TtlSeconds">The granted time to live, where Renewed.</param>
/// <param name="Outcome">Where Wait: completed when the expiry was applied, was void, or this member leads no more.</param>
public readonly record struct RenewResult(RenewStatus Status, long TtlSeconds = 0, Task? Outcome = null);
