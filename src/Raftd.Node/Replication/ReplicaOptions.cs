namespace Raftd.Node.Replication;

/// <summary>Bounds of one replica's queues.</summary>
internal sealed record ReplicaOptions
{
    /// <summary>Time after which a request is told that its outcome is unknown, or that there is no leader.</summary>
    public required TimeSpan RequestTimeLimit { get; init; }

    /// <summary>Ticks after which a read round without an answer is asked again.</summary>
    public required int ReadRetryTicks { get; init; }

    /// <summary>Inputs that may wait; a full queue refuses proposals and reads, and holds back peer streams.</summary>
    public int MaxInputs { get; init; } = 16_384;

    /// <summary>Bytes of messages of peers that may wait, a single one excepted; more hold the peers' streams back.</summary>
    public long MaxReceivedBytes { get; init; } = 64L << 20;

    /// <summary>Bytes of commands between being proposed and their end; more are refused (429).</summary>
    public long MaxProposalBytes { get; init; } = 256L << 20;
}
