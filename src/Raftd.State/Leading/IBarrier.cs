namespace Raftd.State.Leading;

/// <summary>Proves that this process leads: by a round of heartbeats, or by a look at the log that all write to.</summary>
public interface IBarrier
{
    /// <summary>This process leads and has applied all of its predecessors: it may speak about leases.</summary>
    bool IsPromoted { get; }

    /// <summary>Ends with true once a proof that began after the call has succeeded, with false when there was none in
    /// time.</summary>
    Task<bool> LeadershipBarrierAsync();
}
