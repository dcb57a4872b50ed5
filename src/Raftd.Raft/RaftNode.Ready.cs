namespace Raftd.Raft;

/// <content>
/// Outputs, and the reports of what became of them.
///
/// The replica may take many Readys before the disk has finished the first. Three rules keep that safe:
///
/// 1. Readys are numbered, written in that order, and reported durable in that order. A report of number n covers all
///    before it, so reports may be left out but not reordered.
/// 2. A message that promises something waits for its own Ready, and so for all before it (Send).
/// 3. An entry is handed out to be applied when it is committed and durable here, whichever comes last. A majority may
///    have committed it before this member's disk has it (thesis 10.2.1).
///
/// The race in rule 1: a suffix is overwritten while its write is under way. See <see cref="InflightWrites"/>.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>Batches handed out to be applied and not reported yet, one for each Ready that had any, oldest first.</summary>
    private readonly Queue<(ulong LastIndex, long Bytes)> _applying = new();

    private List<Message> _messages = [];
    private List<Message> _messagesAfterDurable = [];
    private List<RaftEvent> _events = [];
    private List<NodeId> _snapshotsToSend = [];
    private List<EntriesWanted> _entriesWanted = [];
    private List<ReadState> _readStates = [];
    private List<ulong> _failedReads = [];
    private SnapshotInstall? _snapshot;

    /// <summary>The number of the last Ready handed out; 0 before the first.</summary>
    private ulong _sequence;

    /// <summary>The term that the disk has. Below Term while the write of a new term is under way; never above it.</summary>
    private ulong _durableTerm;

    /// <summary>As last handed out to be written, durable or not.</summary>
    private HardState _writtenHardState;

    private SoftState _reportedSoftState;

    /// <summary>The sum over <see cref="_applying"/>.</summary>
    private long _applyingBytes;

    /// <summary>There are new entries, a new commit index or new room in a window since the peers were last looked at.</summary>
    private bool _appendsDue;

    public bool HasReady =>
        _messages.Count > 0
        || _messagesAfterDurable.Count > 0
        || _events.Count > 0
        || _appendsDue
        || AreReadsDue
        || _log.Written < LastIndex
        || _snapshot is not null
        || CanHandOutCommitted
        || CurrentHardState != _writtenHardState
        || CurrentSoftState != _reportedSoftState
        || _readStates.Count > 0
        || _failedReads.Count > 0
        || _snapshotsToSend.Count > 0
        || _entriesWanted.Count > 0;

    private SoftState CurrentSoftState => new(Leader, Role, Term);

    private bool CanHandOutCommitted => _log.HasCommittedToHandOut && _applyingBytes < _options.MaxApplyingBytes;

    /// <summary>Hands out everything that is due, each thing once.</summary>
    /// <remarks>
    /// Appends and read rounds are made here and not on each input, so that everything that arrived in one turn of the
    /// caller's loop shares one message per peer and one round.
    /// </remarks>
    public Ready TakeReady()
    {
        FlushReads();
        FlushAppends();

        var hardState = CurrentHardState;
        Invariant.Check(
            hardState.Term >= _writtenHardState.Term, $"term {hardState.Term} would be written after {_writtenHardState.Term}");
        var snapshot = _snapshot;
        var entries = _log.TakeUnwritten();

        // A commit index alone is not worth a sync: a member that forgets it learns it again from its leader (in the paper,
        // Figure 2, it is not persistent at all).
        var mustSync = entries.Count > 0 || snapshot is not null || !IsSameButCommit(hardState, _writtenHardState);
        NoteWrite(mustSync);

        var ready = new Ready
        {
            Sequence = _sequence,
            HardState = hardState == _writtenHardState ? null : hardState,
            MustSync = mustSync,
            Snapshot = snapshot,
            Entries = entries,
            Messages = Take(ref _messages),
            MessagesAfterDurable = Take(ref _messagesAfterDurable),
            Committed = TakeCommitted(),
            SnapshotsToSend = Take(ref _snapshotsToSend),
            EntriesWanted = Take(ref _entriesWanted),
            ReadStates = Take(ref _readStates),
            FailedReads = Take(ref _failedReads),
            SoftState = CurrentSoftState == _reportedSoftState ? null : CurrentSoftState,
            Events = Take(ref _events),
        };
        _snapshot = null;
        _writtenHardState = hardState;
        _reportedSoftState = CurrentSoftState;
        return ready;
    }

    /// <summary>Everything that was to be written up to this Ready is durable.</summary>
    /// <remarks>
    /// A number that an earlier report has covered changes nothing. The term of the newest write that is covered is what
    /// the disk has: a candidate whose report is of an earlier term must not count its own vote yet.
    /// </remarks>
    public void Durable(ulong readySequence)
    {
        Invariant.Check(readySequence <= _sequence, $"{readySequence} reported durable, {_sequence} was the last Ready");
        var before = Marked;
        if (!_writes.TryComplete(readySequence, out var lastIndex, out var term))
        {
            return;
        }

        Invariant.Check(term >= _durableTerm, $"term {term} reported durable after term {_durableTerm}");
        Invariant.Check(term <= Term, $"term {term} reported durable in term {Term}");
        _durableTerm = term;
        _log.StableTo(lastIndex);
        if (Role == RaftRole.Leader)
        {
            // The leader's own disk is one of the majority, no more (thesis 10.2.1).
            MaybeCommit();
        }
        else if (Role == RaftRole.Candidate && _durableTerm == Term)
        {
            // A candidate's vote for itself is a vote: it counts once a crash cannot undo it (failure 1 of
            // docs/failures.md).
            RecordVote(Id, granted: true, _recovering, _nonce);
        }

        CheckSince(before);
    }

    /// <summary>The state contains every entry up to this one; for an installed snapshot, up to its last.</summary>
    /// <remarks>Configurations up to here can never be rolled back: the log keeps only the newest of them in memory.</remarks>
    public void Applied(ulong index)
    {
        _log.AppliedTo(index);
        _history.SettleUpTo(_log.Applied);
        while (_applying.TryPeek(out var batch) && batch.LastIndex <= index)
        {
            _applyingBytes -= batch.Bytes;
            _applying.Dequeue();
        }
    }

    /// <summary>
    /// Sends now, or holds back until a crash can no longer undo what the message says: a promise to a candidate or a
    /// leader, or a term of which the disk knows nothing yet (failures 1 and 2 of docs/failures.md).
    /// </summary>
    /// <remarks>
    /// Refusals wait like grants: they are rare, and may rest on a vote or on entries that are not durable yet. An answer to
    /// a heartbeat leaves at once. It says that this member follows the leader in a term that the disk has, and a crash
    /// does not make that untrue.
    /// </remarks>
    private void Send(Message message)
    {
        var isPromise = message.Kind
            is MessageKind.MsgVote
            or MessageKind.MsgVoteResp
            or MessageKind.MsgPreVoteResp
            or MessageKind.MsgAppResp;
        (isPromise || Term != _durableTerm ? _messagesAfterDurable : _messages).Add(message);
    }

    private void NoteWrite(bool mustSync)
    {
        _sequence++;
        if (mustSync)
        {
            // LastIndex, because a Ready takes all that is unwritten: after it the whole log is written or under way.
            _writes.Add(new InflightWrites.Write(_sequence, LastIndex, Term, _now));
        }
        else if (_writes.IsEmpty && _messagesAfterDurable.Count > 0)
        {
            // Nothing is being written: what these messages say is durable already. With a write under way they stay in this
            // Ready, which waits in the log's queue behind that write.
            Invariant.Check(_durableTerm == Term, $"promises of term {Term} would leave, durable is term {_durableTerm}");
            _messages.AddRange(_messagesAfterDurable);
            _messagesAfterDurable.Clear();
        }
    }

    /// <remarks>
    /// Reads storage where the state lags behind what memory holds: after a start, and when the applier is slow. One Ready
    /// reads at most <see cref="RaftOptions.MaxMessageBytes"/>, and all of them together stay within
    /// <see cref="RaftOptions.MaxApplyingBytes"/> ahead of the applier. That is cheap enough for this thread: what left
    /// memory a moment ago is in the page cache, and at a start there is no leadership to lose.
    /// </remarks>
    private IReadOnlyList<Entry> TakeCommitted()
    {
        if (!CanHandOutCommitted)
        {
            return [];
        }

        var entries = _log.TakeCommitted(_options.MaxMessageBytes);
        var bytes = SizeOf(entries);
        _applying.Enqueue((entries[^1].Index, bytes));
        _applyingBytes += bytes;
        return entries;
    }

    private static bool IsSameButCommit(HardState a, HardState b) => a with { Commit = b.Commit } == b;

    private static IReadOnlyList<T> Take<T>(ref List<T> list)
    {
        if (list.Count == 0)
        {
            return Array.Empty<T>();
        }

        var taken = list;
        list = [];
        return taken;
    }

    private static long SizeOf(IReadOnlyList<Entry> entries)
    {
        long bytes = 0;
        for (var i = 0; i < entries.Count; i++)
        {
            bytes += entries[i].SizeBytes;
        }

        return bytes;
    }

    private void Report(RaftEvent happened) => _events.Add(happened);
}
