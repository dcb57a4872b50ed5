namespace Raftd.Raft;

/// <summary>How one member's core behaves. Pre-vote and check-quorum are always on: there is no safe use without them.</summary>
public sealed record RaftOptions
{
    /// <summary>This member. Not zero.</summary>
    public required NodeId Id { get; init; }

    /// <summary>
    /// Ticks without a message from a leader before a member campaigns; the actual timeout is drawn from [this, 2 x this).
    /// At least 5 x <see cref="HeartbeatTicks"/>, so that a few lost heartbeats depose no leader. Equal on all members.
    /// </summary>
    public required int ElectionTimeoutTicks { get; init; }

    /// <summary>Ticks between heartbeats; about one round trip. At least 1.</summary>
    public required int HeartbeatTicks { get; init; }

    /// <summary>Append messages under way to one peer. At least 1.</summary>
    public required int MaxInflightMessages { get; init; }

    /// <summary>Bytes of entries under way to one peer. At least <see cref="MaxMessageBytes"/>.</summary>
    public required long MaxInflightBytes { get; init; }

    /// <summary>Bytes of entries in one append message and in one <see cref="Ready.Committed"/>; one entry always fits.</summary>
    public required long MaxMessageBytes { get; init; }

    /// <summary>
    /// Bytes of a leader's proposals that are not committed yet; above it the answer is <see cref="ProposeResult.Dropped"/>.
    /// Bounds what a leader piles up that is cut off from its majority. A single batch always fits into an empty tail.
    /// </summary>
    public required long MaxUncommittedBytes { get; init; }

    /// <summary>Bytes of recent entries kept in memory after they are durable, so that sending and applying rarely read the log.</summary>
    public required long MaxCachedBytes { get; init; }

    /// <summary>
    /// Unique per start of a member: read rounds count up from it, and it tells one start of this member from the next
    /// (<see cref="Message.Nonce"/>). Drawn at random from 64 bits by the replica.
    /// </summary>
    public required ulong ReadIdSeed { get; init; }

    /// <summary>Bytes handed out in <see cref="Ready.Committed"/> and not yet reported applied; above it the core waits.</summary>
    public long MaxApplyingBytes { get; init; } = 64L << 20;

    /// <summary>
    /// Answer reads from a lease instead of a round of heartbeats (thesis 6.4.1). Equal on all members.
    /// Assumes that the members' ticks differ in rate by less than a quarter, and that a process which was stopped feeds
    /// the core the ticks it missed before it requests a read. Where that cannot be promised, leave it off.
    /// </summary>
    public bool LeaseReads { get; init; }

    /// <summary>Every problem, each with the option, its value and the bound. Empty when the options are sound.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Require(!Id.IsNone, "Id is 0; it must be a member id");
        Require(HeartbeatTicks >= 1, $"HeartbeatTicks is {HeartbeatTicks}; it must be at least 1");
        Require(
            ElectionTimeoutTicks >= 5L * HeartbeatTicks,
            $"ElectionTimeoutTicks is {ElectionTimeoutTicks}; it must be at least 5 x HeartbeatTicks ({HeartbeatTicks})");
        Require(ElectionTimeoutTicks <= 1 << 20, $"ElectionTimeoutTicks is {ElectionTimeoutTicks}; it must be at most {1 << 20}");
        Require(MaxInflightMessages >= 1, $"MaxInflightMessages is {MaxInflightMessages}; it must be at least 1");
        Require(MaxMessageBytes >= 1, $"MaxMessageBytes is {MaxMessageBytes}; it must be at least 1");
        Require(
            MaxInflightBytes >= MaxMessageBytes,
            $"MaxInflightBytes is {MaxInflightBytes}; it must be at least MaxMessageBytes ({MaxMessageBytes})");
        Require(MaxUncommittedBytes >= 1, $"MaxUncommittedBytes is {MaxUncommittedBytes}; it must be at least 1");
        Require(MaxCachedBytes >= 0, $"MaxCachedBytes is {MaxCachedBytes}; it must not be negative");
        Require(MaxApplyingBytes >= 1, $"MaxApplyingBytes is {MaxApplyingBytes}; it must be at least 1");
        return problems;

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }
}
