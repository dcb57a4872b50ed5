using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Watch;
using Raftd.Store;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>One member's sizes and times, in the form that its parts take.</summary>
internal sealed record MemberOptions
{
    public required MemberIdentity Self { get; init; }

    public required RaftOptions Raft { get; init; }

    public required WalOptions Wal { get; init; }

    public required StoreOptions Store { get; init; }

    public required ReplicaOptions Replica { get; init; }

    public required FlushPolicy Flush { get; init; }

    public required long LogRetentionBytes { get; init; }

    /// <summary>Log kept behind the snapshot of a peer that catches up; null: the larger of <see cref="Raftd.Contract.Bounds.MaxPinnedLogBytes"/>'s
    /// default and half the state.</summary>
    public required long? MaxPinnedLogBytes { get; init; }

    public required SpoolOptions Spool { get; init; }

    /// <summary>Replicated logical bytes that the state may have; writes that would exceed it wait or are refused.</summary>
    public required long QuotaBytes { get; init; }

    /// <summary>Leases and keys of theirs that a new leader takes in between two batches of entries.</summary>
    public required int LeasesPerStep { get; init; }

    public WatchOptions Watch { get; init; } = new();

    /// <summary>Not null: this member founds a cluster, and this is its first configuration.</summary>
    public Configuration? Founding { get; init; }
}
