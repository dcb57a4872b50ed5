namespace Raftd.Raft;

/// <summary>What a leader knows of one peer. A live view: read it on the thread that steps the core.</summary>
/// <remarks>
/// Two numbers tell where a peer stands. Match is a fact, acknowledged and durable: commits count it, so it only rises.
/// Next is a guess at what the peer lacks: it rises when entries are sent and falls when the peer refuses them. A wrong
/// guess costs a message; a wrong Match loses an entry. Invariant: Match &lt; Next. In Replicate (Match, Next) is under way.
///
/// A refusal and an acknowledgement may be late, doubled or reordered. Each is compared with what was asked:
/// - Replicate: a refusal at or below Match contradicts an acknowledgement, so it is late.
/// - Probe: one question is open, about Next - 1. A refusal of any other index answers an older one.
/// - Snapshot: no append is under way, so any refusal is late.
/// <code>
///              +---------- rejected ----------+
///              v                              |
///   [ Probe ] ---- accepted ----------> [ Replicate ]
///      |   ^                                  |
///      |   +-- streamed, or caught up --+     |
///      |                                |     |
///      +------- compacted -------> [ Snapshot ] &lt;--- compacted
/// </code>
/// </remarks>
public sealed class Progress
{
    internal Progress(NodeId id, ulong next, bool isLearner, RaftOptions options)
    {
        Id = id;
        Next = next;
        IsLearner = isLearner;
        Inflights = new Inflights(options.MaxInflightMessages, options.MaxInflightBytes);
    }

    public NodeId Id { get; }

    /// <summary>The highest index known to be durable at the peer and equal to the leader's.</summary>
    public ulong Match { get; private set; }

    /// <summary>The index of the next entry to send.</summary>
    public ulong Next { get; private set; }

    public ProgressState State { get; private set; }

    public bool IsLearner { get; internal set; }

    /// <summary>The peer has answered since the last check of the quorum.</summary>
    public bool RecentActive { get; internal set; }

    /// <summary>The peer may have lost what it acknowledged: its match is not counted for a commit.</summary>
    public bool Recovering { get; private set; }

    /// <summary>
    /// A learner that has all of the log as it was less than an election timeout ago: as a voter it would hold up a commit
    /// for no longer than that. While writes go on it never has all of the log at once, so it catches up in rounds, each up
    /// to the end of the log at the round's beginning (thesis 4.2.1). Updated at each tick of the leader.
    /// </summary>
    public bool KeepsUp { get; private set; }

    /// <summary>The end of the log when the current round began; 0 before the first round.</summary>
    internal ulong RoundTarget { get; private set; }

    internal ulong RoundStartedAtTick { get; private set; }

    /// <summary>Which start of the peer reported that it is recovering.</summary>
    internal ulong RecoveryNonce { get; private set; }

    /// <summary>The peer is whole once its match has reached this index.</summary>
    internal ulong RecoveryTarget { get; private set; }

    /// <summary>The number of this recovery among those this leader has led, from one. A heartbeat that carries this number or
    /// a higher one was sent after the report.</summary>
    internal ulong RecoveryEpoch { get; private set; }

    /// <summary>The highest recovery number in a heartbeat that this peer has answered since a recovery of its own ended.</summary>
    internal ulong ConfirmedEpoch { get; set; }

    internal bool IsRecoveryComplete => Recovering && Match >= RecoveryTarget;

    internal Inflights Inflights { get; }

    /// <summary>A probe is under way; the next heartbeat answer allows another.</summary>
    internal bool ProbeSent { get; set; }

    /// <summary>The highest commit index that was sent to the peer, so that a commit that it knows costs no message.</summary>
    internal ulong SentCommit { get; set; }

    /// <summary>
    /// The first of the entries for this peer that were asked for and not handed in, 0 for none. One request is open at a
    /// time, even if the peer changes state meanwhile, so that a log that does not answer piles up no requests.
    /// </summary>
    internal ulong WantedIndex { get; set; }

    /// <summary>The peer has acknowledged everything that was sent to it.</summary>
    internal bool IsSettled => State == ProgressState.Replicate && Match + 1 == Next;

    internal bool IsPaused => State switch
    {
        ProgressState.Probe => ProbeSent,
        ProgressState.Replicate => Inflights.IsFull,
        _ => true,
    };

    internal void BecomeProbe()
    {
        Reset(ProgressState.Probe);
        Next = Match + 1;
    }

    /// <summary>The peer took in the snapshot at <paramref name="index"/>: one probe behind it asks the peer to confirm that.</summary>
    /// <remarks>Match stays until the peer acknowledges by itself: the end of a stream is no promise of a disk.</remarks>
    internal void BecomeProbeAfterSnapshot(ulong index)
    {
        Reset(ProgressState.Probe);
        Next = Math.Max(Match, index) + 1;
        ProbeSent = true;
        CheckNext();
    }

    internal void BecomeReplicate()
    {
        Reset(ProgressState.Replicate);
        Next = Match + 1;
    }

    internal void BecomeSnapshot() => Reset(ProgressState.Snapshot);

    /// <summary>Ends the round of catching up if the learner has reached its target, and begins the next.</summary>
    internal void TickRound(ulong lastIndex, ulong now, int electionTimeoutTicks)
    {
        var isQuick = RoundTarget > 0 && now - RoundStartedAtTick < (ulong)electionTimeoutTicks;
        if (Match >= RoundTarget)
        {
            KeepsUp = isQuick;
            RoundTarget = lastIndex;
            RoundStartedAtTick = now;
        }
        else
        {
            KeepsUp &= isQuick;
        }
    }

    /// <summary>Entries up to <paramref name="lastIndex"/> have left.</summary>
    /// <remarks>A probe leaves Next where it is: the entries count as sent once the peer has shown that it takes them.</remarks>
    internal void Sent(ulong lastIndex, long bytes)
    {
        Invariant.Check(lastIndex >= Next, $"peer {Id} was sent entries up to {lastIndex}, next is {Next}");
        if (State == ProgressState.Replicate)
        {
            Next = lastIndex + 1;
            Inflights.Add(lastIndex, bytes);
        }
        else
        {
            ProbeSent = true;
        }
    }

    /// <summary>The peer has everything up to <paramref name="index"/>; says whether that is news.</summary>
    /// <remarks>
    /// Next rises even when Match does not: an acknowledgement of an index that is known already still shows that the peer
    /// needs nothing at or below it.
    /// </remarks>
    internal bool MaybeAdvance(ulong index)
    {
        Next = Math.Max(Next, index + 1);
        if (index <= Match)
        {
            return false;
        }

        Match = index;
        ProbeSent = false;
        CheckNext();
        return true;
    }

    /// <summary>The peer refused an append after <paramref name="rejected"/>; says whether that tells anything new.</summary>
    /// <param name="rejected">The index before the refused entries.</param>
    /// <param name="hint">The highest index at which the logs may agree.</param>
    internal bool MaybeRetreat(ulong rejected, ulong hint)
    {
        if (State == ProgressState.Replicate)
        {
            // The peer has accepted everything up to Match: a refusal of that is late.
            if (rejected <= Match)
            {
                return false;
            }

            BecomeProbe();
            return true;
        }

        // A probe asks about Next - 1 alone: a refusal of anything else answers an older question.
        if (State == ProgressState.Snapshot || rejected != Next - 1)
        {
            return false;
        }

        Next = Math.Max(Math.Min(rejected, hint + 1), Match + 1);
        ProbeSent = false;
        CheckNext();
        return true;
    }

    /// <summary>A start of the peer reports a loss: nothing that it acknowledged before counts any more.</summary>
    /// <remarks>The only fall of Match. The target is the leader's last index, for the reason in RaftNode.Recovery.cs.</remarks>
    internal void BeginRecovery(ulong nonce, ulong target, ulong epoch)
    {
        Recovering = true;
        RecoveryNonce = nonce;
        RecoveryTarget = target;
        RecoveryEpoch = epoch;
        Match = 0;
        SentCommit = 0;
        RoundTarget = 0;
        KeepsUp = false;
        Reset(ProgressState.Probe);
        Next = target + 1;
        CheckNext();
    }

    internal void EndRecovery()
    {
        Recovering = false;
        ConfirmedEpoch = 0;
    }

    private void CheckNext() => Invariant.Check(Match < Next, $"peer {Id} has match {Match} and next {Next}");

    private void Reset(ProgressState state)
    {
        State = state;
        ProbeSent = false;
        Inflights.Reset();
    }
}
