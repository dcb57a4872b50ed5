// The one writer of a front: it gathers commands, evaluates them behind the last row, and commits them as the next one.
//
// The naive way writes one transaction for each request: 64 connections come to 2 000 to 3 000 a second, and nothing orders the
// revisions. Or it locks a row of the head: whoever holds the lock and pauses stops all. So a batch is one row of the log:
//
//   1. What gathers while a batch is under way is the next batch: at most MaxCommands, MaxBytes.
//   2. The keys that the commands name are known from batches before (KnownKeys), or one snapshot brings those that are not, and the
//      last row. If that row is another than the one known here, the rows between are taken in first (CommitLoop.Tail.cs).
//   3. The commands are evaluated on that (BatchEvaluator). Nothing is stored by it.
//   4. One transaction inserts the next row and all changes. The row's number is its primary key and its chain is compared, so it
//      is there only if nothing came between: this is the lock, and it is held by no one.
//   5. Committed: the state is shown, those who watch are told, and only then the clients get their answers. Lost: the new rows are
//      taken in, and the same commands are evaluated again.
//
// The deletion of a range of very many keys is a row of its own, whose transaction the database does as a set, in slices
// (RangeDeletion). It holds up all other writers for as long as it takes, so it is taken back if its request has no time left.
//
// What the database refuses for good may be the fault of one command among many. Then fewer are taken together, down to one: that one
// is refused, with the database's words, and the others are committed without it.
//
// A commit whose answer is lost may have happened. The same transaction is sent again, on another connection: if the first had
// committed, or still does, the row is there, with this front's number and nonce; then the answers computed with it stand. If it is
// not, it can never come any more once another row has its number. So nothing is done twice, and nothing is answered that is not
// there.
//
// Invariants:
//   - The state shown is always that behind one row, and rows are taken in one by one, in order.
//   - No client has an answer before the row that it rests on is committed, and shown here.
//   - A row that is known here, and is gone or another one in the database, means lost history: this front answers nothing any more.
//
// The thread waits for the database in a step: it has nothing else to do meanwhile, and commands gather.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;

namespace Raftd.Sql.Fronts;

internal sealed partial class CommitLoop : ILoop, IProposer, IDisposable
{
    private const int MaxCommands = 1024;
    private const long MaxBytes = 1 << 20;

    // Of commands that wait, all together.
    private const long MaxWaitingBytes = 256 << 20;

    // Behind a fault of the database, before it is asked again.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    // Between two looks that hints ask for: a leader may commit a thousand batches a second, and each front looks at the database.
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(5);

    private readonly IDatabase _database;
    private readonly FrontOptions _options;
    private readonly ulong _self;
    private readonly FrontBoard _board;
    private readonly TimeProvider _time;
    private readonly Random _random;
    private readonly ILogger _logger;
    private readonly FaultLog _faults;
    private readonly Mailbox<SqlProposal> _inbox = new(int.MaxValue);
    private readonly LinkedList<SqlProposal> _waiting = [];
    private readonly QuotaState _quota;
    private readonly KnownKeys _known;
    private readonly Lock _ending = new();
    private List<SqlProposal> _arrived = [];
    private ISession? _session;
    private Pending? _pending;
    private FrontState _state;
    private long _waitingBytes;
    private long _retryAt;
    private long _hinted;
    private bool _mustLook;
    private bool _hasStopped;
    private int _mostCommands = MaxCommands;
    private Appointment? _appointment;
    private BucketRemoval? _removal;

    /// <param name="database">Of one bucket.</param>
    /// <param name="self">The number of this front.</param>
    /// <param name="start">Where it begins.</param>
    /// <param name="board">Shows the state, and tells of changes.</param>
    /// <param name="options">Limits.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="random">Draws the nonces.</param>
    /// <param name="logger">Told of faults.</param>
    public CommitLoop(
        IDatabase database, ulong self, FrontState start, FrontBoard board, FrontOptions options, TimeProvider time, Random random,
        ILogger logger)
    {
        _database = database;
        _self = self;
        _state = start;
        _board = board;
        _options = options;
        _time = time;
        _random = random;
        _logger = logger;
        _faults = new FaultLog(logger, time);
        _quota = new QuotaState(options.QuotaBytes);
        _known = new KnownKeys(options.KnownKeyBytes);
    }

    /// <summary>A write was refused for the quota, and would be now. On the loop's thread.</summary>
    public bool IsQuotaFull => _quota.IsFull(_state.Last);

    /// <summary>Called on the loop's thread at the end of each step; true where it has more to do at once.</summary>
    public Func<bool> Following { get; set; } = static () => false;

    /// <summary>The leading front says what it commits: looks without a hint are rarer then. Any thread.</summary>
    public Func<bool> AreHintsFlowing { get; set; } = static () => false;

    /// <summary>A hint waits for the pause behind the look before it.</summary>
    public long? NextDeadline => _board.Fence is null && IsHinted
        ? Math.Max(_lastLook + _time.TimestampsIn(LookPause), _retryAt)
        : null;

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => _inbox.Wake = value;
    }

    /// <summary>The owner of the loop wants the newest rows taken in soon. Any thread.</summary>
    public void Look()
    {
        Volatile.Write(ref _mustLook, true);
        _inbox.Wake();
    }

    /// <summary>The leading front has this row. Whether that is so, only a look at the log says. Any thread.</summary>
    public void Hint(long seq)
    {
        if (seq > _board.State.Last.Seq)
        {
            Volatile.Write(ref _hinted, seq);
            _inbox.Wake();
        }
    }

    /// <summary>A front is to lead, if the epoch is still this one. Any thread.</summary>
    public void Appoint(ulong epoch, ulong leader)
    {
        Volatile.Write(ref _appointment, new Appointment(epoch, leader));
        Look();
    }

    /// <summary>Ends the log of this bucket by a row that no other row comes behind.</summary>
    /// <param name="force">Whatever is in it.</param>
    /// <exception cref="StoreException">Conflict: it is not empty. BucketNotFound: it was removed before. NotReady: and made
    /// again. UnknownOutcome.</exception>
    public Task RemoveBucketAsync(bool force)
    {
        var removal = new BucketRemoval(_database.Bucket, force, _time.TimestampAfter(_options.RequestTimeLimit));
        if (Interlocked.CompareExchange(ref _removal, removal, null) is not null)
        {
            throw new StoreException(ErrorCode.Conflict, $"the bucket `{_database.Bucket}` is being removed already", "try again in a moment");
        }

        Look();
        return removal.Ended;
    }

    public void Propose(ReadOnlyMemory<byte> command, long deadline, Action<ProposalOutcome> ended)
    {
        var proposal = new SqlProposal(command, deadline, ended);
        if (Interlocked.Add(ref _waitingBytes, proposal.Bytes) > MaxWaitingBytes)
        {
            Interlocked.Add(ref _waitingBytes, -proposal.Bytes);
            proposal.End(new ProposalOutcome(ProposalEnd.TooMany));
            return;
        }

        _inbox.Post(proposal);
        if (Volatile.Read(ref _hasStopped))
        {
            // The thread may have taken it or not: in the second case it is ended here.
            EndAll();
        }
    }

    public Task<ProposalOutcome> ProposeAsync(ReadOnlyMemory<byte> command)
    {
        var outcome = new TaskCompletionSource<ProposalOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        Propose(command, _time.TimestampAfter(_options.RequestTimeLimit), outcome.SetResult);
        return outcome.Task;
    }

    public bool Step()
    {
        TakeArrived();
        EndOverdue();
        if (_board.Fence is { } fence)
        {
            RefuseWaiting(fence);
            EndRemoval(fence, _board.HasEnded);
            return false;
        }

        var isPaused = _time.GetTimestamp() < _retryAt;
        var hasMore = !isPaused && HasWork && TryWork();
        return Following() || hasMore;
    }

    public void Tick()
    {
        if (_time.GetElapsedTime(_lastLook) >= (AreHintsFlowing() ? _options.HintedPollInterval : _options.PollInterval))
        {
            Volatile.Write(ref _mustLook, true);
        }
    }

    /// <summary>Answers all that waits. The thread has ended.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _hasStopped, true);
        EndAll();
        _session?.Dispose();
    }

    /// <summary>Gives the connection back, for a loop that shares them. On the loop's thread, between two steps.</summary>
    public void Rest()
    {
        _session?.Dispose();
        _session = null;
    }

    private void EndAll()
    {
        lock (_ending)
        {
            TakeArrived();
            var why = _board.Fence ?? Away("this front is shutting down", "ask another front");
            RefuseWaiting(why);
            EndRemoval(why, _board.HasEnded);
            _pending?.Proposals.ForEach(item => End(item.Proposal, new ProposalOutcome(ProposalEnd.Unknown)));
            _pending = null;
        }
    }

    private bool HasWork => _waiting.Count > 0 || _pending is not null || _removal is not null || MustLook || _state.Last.IsEnd;

    private bool MustLook => Volatile.Read(ref _mustLook) || (IsHinted && _time.GetElapsedTime(_lastLook) >= LookPause);

    private bool IsHinted => Volatile.Read(ref _hinted) > _state.Last.Seq;

    private void TakeArrived()
    {
        if (_inbox.Take(ref _arrived))
        {
            _arrived.ForEach(proposal => _waiting.AddLast(proposal));
            _arrived.Clear();
        }
    }

    private void EndOverdue()
    {
        // In the order of their deadlines, which is that of their beginnings.
        var now = _time.GetTimestamp();
        while (_waiting.First is { Value: var proposal } && proposal.Deadline <= now)
        {
            _waiting.RemoveFirst();
            End(proposal, Away("the database did not take the write in time", "try again; /readyz shows when it answers"));
        }

        if (_removal is { } removal && removal.Deadline <= now)
        {
            EndRemoval(removal.WasSent
                ? new StoreException(ErrorCode.UnknownOutcome, "whether the bucket was removed is not known", "GET /buckets shows it")
                : Away("the database did not answer in time; the bucket was not removed", "try again; /readyz shows when it answers"));
        }

        if (_pending is { } pending && pending.Proposals.TrueForAll(item => item.Proposal.Deadline <= now))
        {
            // What became of it is found in the rows behind the last one, as of any front's.
            _pending = null;
            pending.Proposals.ForEach(item => End(item.Proposal, new ProposalOutcome(ProposalEnd.Unknown)));
        }
    }

    private bool TryWork()
    {
        try
        {
            _session ??= _database.Open();
            var hasMore = Work(_session);
            _faults.NoteSuccess();
            return hasMore;
        }
        catch (DatabaseException failure)
        {
            NoteFault(failure);
            return false;
        }
    }

    private bool Work(ISession session)
    {
        if (_state.Last.IsEnd)
        {
            // Nothing is answered for the bucket any more: what waits is refused in the next step.
            _board.End(session);
            return true;
        }

        if (_pending is { } pending)
        {
            Settle(session, pending);
            return true;
        }

        if (MustLook)
        {
            TakeIn(session);
            if (_state.Last.IsEnd)
            {
                return true;
            }
        }

        if (Volatile.Read(ref _removal) is { } removal)
        {
            Remove(session, removal);
        }
        else if (_waiting.Count > 0 || DueAppointment is not null)
        {
            CommitSome(session);
        }

        return _waiting.Count > 0 || _removal is not null;
    }

    /// <summary>The row that ends the log is a batch like any: whoever loses the race for its number evaluates again, so what is not empty
    /// now is not removed as if it were.</summary>
    private void Remove(ISession session, BucketRemoval removal)
    {
        if (EvaluateEnd(session) is not { } evaluated)
        {
            Volatile.Write(ref _mustLook, true);
        }
        else if (removal.RefusalOf(_state) is { } refusal)
        {
            EndRemoval(refusal);
        }
        else
        {
            removal.WasSent = true;
            _pending = new Pending(evaluated, []);
            Commit(session, _pending);
        }
    }

    /// <returns>Null where rows have to be taken in first.</returns>
    private EvaluatedBatch? EvaluateEnd(ISession session)
    {
        using var snapshot = session.Snapshot([]);
        return IsLast(snapshot.Last)
            ? new BatchEvaluator(_state, snapshot, LogRow.EndEpoch, SetsOf(null)).End(_self, leader: 0, (ulong)_random.NextInt64())
            : null;
    }

    private void EndRemoval(StoreException outcome, bool hasEnded = false) => Interlocked.Exchange(ref _removal, null)?.End(outcome, hasEnded);

    private Appointment? DueAppointment =>
        Volatile.Read(ref _appointment) is { } appointment && appointment.Epoch == _state.Last.Epoch ? appointment : null;

    private void CommitSome(ISession session)
    {
        var proposals = TakeBatch();
        try
        {
            if (Evaluate(session, proposals) is not { } pending)
            {
                return;
            }

            _pending = pending;
            Commit(session, pending);
        }
        catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Late)
        {
            // Taken back and answered.
            throw;
        }
        catch (DatabaseException failure) when (_pending is null)
        {
            // Nothing was sent.
            PutBack(proposals, failure);
            throw;
        }
        catch (DatabaseException failure) when (failure.Fault != DatabaseFault.Unknown)
        {
            // Surely not committed.
            var sent = _pending!;
            _pending = null;
            PutBack([.. sent.Proposals.Select(static item => item.Proposal)], failure);
            throw;
        }
    }

    /// <returns>Null where rows had to be taken in first, or where nothing has to be written.</returns>
    private Pending? Evaluate(ISession session, List<SqlProposal> proposals)
    {
        using var rows = new BatchRows(session, _known, _state.Last, IsLast);
        if (!HasRowsOf(proposals, rows))
        {
            EvaluateLater(proposals);
            return null;
        }

        var appointment = DueAppointment;
        var sets = SetsOf(proposals.FirstOrDefault());
        var evaluator = new BatchEvaluator(_state, rows, _state.Last.Epoch + (appointment is null ? 0UL : 1), sets);
        var answered = new List<Answered>(proposals.Count);
        var refused = new List<(SqlProposal Proposal, ProposalOutcome Outcome)>();
        if (!TryEvaluateAll(evaluator, proposals, answered, refused))
        {
            return null;
        }

        // An answer that no commit proves rests on a look that began behind its request.
        var mustCommit = evaluator.HasChanged || appointment is not null;
        if ((!mustCommit || refused.Count > 0) && !rows.HasLooked && !rows.TryLook([]))
        {
            EvaluateLater(proposals);
            return null;
        }

        // Only now: an evaluation that is thrown away has refused nothing.
        refused.ForEach(item => End(item.Proposal, item.Outcome));
        if (!mustCommit)
        {
            answered.ForEach(EndApplied);
            return null;
        }

        return new Pending(evaluator.End(_self, appointment?.Leader ?? _state.Last.Leader, (ulong)_random.NextInt64()), answered);
    }

    /// <returns>False where a look found rows behind the last one.</returns>
    private bool HasRowsOf(List<SqlProposal> proposals, BatchRows rows)
    {
        var unknown = proposals.SelectMany(static proposal => proposal.Keys).Where(key => !_known.TryFind(key.Span, out _)).ToList();
        return (unknown.Count == 0 && proposals.TrueForAll(static proposal => proposal.NamesAll)) || rows.TryLook(unknown);
    }

    /// <summary>Rows have come meanwhile.</summary>
    private void EvaluateLater(List<SqlProposal> proposals)
    {
        PutBack(proposals);
        Volatile.Write(ref _mustLook, true);
    }

    /// <summary>As many as belong into one batch; the others are put back.</summary>
    /// <returns>False where the whole evaluation is of no use any more.</returns>
    private bool TryEvaluateAll(
        BatchEvaluator evaluator, List<SqlProposal> proposals, List<Answered> answered,
        List<(SqlProposal Proposal, ProposalOutcome Outcome)> refused)
    {
        for (var at = 0; at < proposals.Count; at++)
        {
            if (evaluator.IsFull || evaluator.MustWait(proposals[at].Deleted))
            {
                PutBack(proposals[at..]);
                proposals.RemoveRange(at, proposals.Count - at);
                break;
            }

            if (!TryEvaluate(evaluator, proposals, at, answered, refused))
            {
                return false;
            }
        }

        return true;
    }

    /// <returns>False where the whole evaluation is of no use any more: the others are evaluated again without this one.</returns>
    private bool TryEvaluate(
        BatchEvaluator evaluator, List<SqlProposal> proposals, int at, List<Answered> answered,
        List<(SqlProposal Proposal, ProposalOutcome Outcome)> refused)
    {
        var proposal = proposals[at];
        try
        {
            if (RefusalOf(evaluator, proposal) is { } outOfQuota)
            {
                refused.Add((proposal, outOfQuota));
            }
            else
            {
                answered.Add(new Answered(proposal, evaluator.Apply(proposal.Command)));
            }

            return true;
        }
        catch (StoreException refusal)
        {
            proposals.RemoveAt(at);
            End(proposal, new ProposalOutcome(ProposalEnd.Refused, Refusal: refusal));
            PutBack(proposals);
            return false;
        }
    }

    /// <summary>The quota bounds what would be left if all history were compacted.</summary>
    private ProposalOutcome? RefusalOf(BatchEvaluator evaluator, SqlProposal proposal)
    {
        var growth = CommandCodec.MaxGrowth(proposal.Command.Span);
        if (growth == 0 || evaluator.LiveBytes + growth <= _options.QuotaBytes)
        {
            return null;
        }

        growth = evaluator.LiveGrowth(proposal.Command);
        if (evaluator.LiveBytes + growth <= _options.QuotaBytes)
        {
            return null;
        }

        _quota.NoteRefused(growth);
        return new ProposalOutcome(
            ProposalEnd.QuotaExceeded,
            Reason: $"quota exceeded: {evaluator.LiveBytes} bytes of live data and {growth} bytes more do not fit into "
                + $"{_options.QuotaBytes}; nothing was written");
    }

    private void Commit(ISession session, Pending pending)
    {
        try
        {
            if (session.Commit(pending.Evaluation.Batch))
            {
                Committed(pending);
                return;
            }
        }
        catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Late)
        {
            // This row is not there, and was not: its number was free.
            _pending = null;
            pending.Proposals.ForEach(item => End(item.Proposal, new ProposalOutcome(ProposalEnd.Refused, Refusal: SetsOf(null).TooLong())));
            throw;
        }

        Lost(session, pending);
    }

    /// <param name="first">A deletion as a set is the first of its batch, and ends early enough for its client to hear of it.</param>
    private SetDeletions SetsOf(SqlProposal? first)
    {
        var latest = (first?.Deadline ?? long.MaxValue) - _time.TimestampsIn(_options.RequestTimeLimit / 4);
        return new SetDeletions(
            _options.MaxListedDeletions, _options.DeletionSlice, () => _time.GetTimestamp() >= latest, _options.RequestTimeLimit);
    }

    /// <summary>The outcome was unknown: the row is there, or the same transaction is sent again.</summary>
    private void Settle(ISession session, Pending pending)
    {
        pending.Proposals.ForEach(static item => item.Proposal.MayBeCommitted = true);
        Commit(session, pending);
    }

    private void Committed(Pending pending)
    {
        _pending = null;
        _mostCommands = Math.Min(_mostCommands * 2, MaxCommands);
        _lastLook = _time.GetTimestamp();
        Show(pending.Evaluation.State, pending.Evaluation.Changes, hasAllKeys: pending.Evaluation.Batch.Deletion is null);
        pending.Proposals.ForEach(EndApplied);
    }

    /// <summary>Another row has the number. It may be this very one: then the answers stand.</summary>
    private void Lost(ISession session, Pending pending)
    {
        var rows = session.LogFrom(_state.Last.Seq, 2);
        RequireKnown(session, rows);
        var row = rows.Count > 1 ? rows[1] : null;
        var own = pending.Evaluation.Batch.Row;
        if (row is not null && row.Front == own.Front && row.Nonce == own.Nonce)
        {
            Committed(pending);
            return;
        }

        _pending = null;
        foreach (var item in pending.Proposals)
        {
            // It was not this row, and can never become it: surely not committed.
            item.Proposal.MayBeCommitted = false;
        }

        PutBack([.. pending.Proposals.Select(static item => item.Proposal)]);
        Volatile.Write(ref _mustLook, true);
    }

    private List<SqlProposal> TakeBatch()
    {
        var batch = new List<SqlProposal>();
        var bytes = 0L;
        while (_waiting.First is { Value: var proposal } && batch.Count < _mostCommands && (bytes == 0 || bytes + proposal.Bytes <= MaxBytes))
        {
            bytes += proposal.Bytes;
            batch.Add(proposal);
            _waiting.RemoveFirst();
        }

        return batch;
    }

    /// <summary>Unless it is one alone that the database refuses for good.</summary>
    private void PutBack(List<SqlProposal> proposals, DatabaseException failure)
    {
        if (failure.Fault != DatabaseFault.Wrong || _board.Fence is not null)
        {
            PutBack(proposals);
        }
        else if (proposals is [var alone])
        {
            End(alone, Away($"the database refuses the write: {failure.Message}", "nothing was written; mend the database, then try again"));
        }
        else
        {
            _mostCommands = Math.Max(proposals.Count / 2, 1);
            PutBack(proposals);
        }
    }

    /// <summary>In front of all others, in their order.</summary>
    private void PutBack(List<SqlProposal> proposals)
    {
        for (var at = proposals.Count - 1; at >= 0; at--)
        {
            _waiting.AddFirst(proposals[at]);
        }
    }

    private void EndApplied(Answered item) => End(item.Proposal, new ProposalOutcome(ProposalEnd.Applied, item.Result));

    private void End(SqlProposal proposal, StoreException refusal) => End(
        proposal,
        proposal.MayBeCommitted ? new ProposalOutcome(ProposalEnd.Unknown) : new ProposalOutcome(ProposalEnd.Refused, Refusal: refusal));

    private void End(SqlProposal proposal, ProposalOutcome outcome)
    {
        Interlocked.Add(ref _waitingBytes, -proposal.Bytes);
        proposal.End(outcome);
    }

    private void NoteFault(DatabaseException failure)
    {
        _session?.Dispose();
        _session = null;
        _retryAt = _time.TimestampAfter(Pause);
        if (failure.Fault == DatabaseFault.Full)
        {
            RefuseWaiting(new StoreException(
                ErrorCode.NoSpace, "the database has no room", "free space on the disk of the database; reads still work"));
        }

        if (failure.Fault is not (DatabaseFault.Again or DatabaseFault.Late))
        {
            _faults.Note(failure);
        }
    }

    private void RefuseWaiting(StoreException refusal)
    {
        foreach (var proposal in _waiting)
        {
            End(proposal, refusal);
        }

        _waiting.Clear();
    }

    private static StoreException Away(string message, string hint) => new(ErrorCode.NotReady, message, hint);

    /// <summary>A command, and what it comes to if its batch is committed.</summary>
    private readonly record struct Answered(SqlProposal Proposal, CommandResult Result);

    /// <summary>A row with the next epoch is to name this leader.</summary>
    private sealed record Appointment(ulong Epoch, ulong Leader);

    /// <summary>A batch that was sent.</summary>
    private sealed record Pending(EvaluatedBatch Evaluation, List<Answered> Proposals);
}
