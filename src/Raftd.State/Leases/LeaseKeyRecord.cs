using Raftd.State.Keyspaces;

namespace Raftd.State.Leases;

/// <summary>A key attached to a lease. Never changes: a change makes another record.</summary>
public sealed record LeaseKeyRecord(bool OwnDeadline, long ModRevision)
{
    /// <summary>What it counts in the logical bytes while something is stored of it. Part of the replicated state.</summary>
    public const int StoredBytes = 64;

    /// <summary>Of the lease when an entry last renewed or checkpointed the key; 0 while there is no pair.</summary>
    public long Generation { get; init; }

    /// <summary>What was left at that checkpoint; -1 where the entry was a renewal.</summary>
    public long RemainingMilliseconds { get; init; } = -1;

    public bool IsStored => Generation != 0;

    /// <summary>Adds what is stored of the key now to the hash chain.</summary>
    public void AddTo(StateHash hash, long lease)
    {
        hash.Add(lease, ModRevision);
        hash.Add(Generation, RemainingMilliseconds);
    }
}
