// Reads: a round of them is one moment of the database.
//
// What gathers while a round is under way is the next round: one snapshot, one look for all its keys. It begins after the requests
// came, so it holds every write that was acknowledged before them: that is all a linearizable read needs, from any front. Ranges and
// lists take a moment of their own, so that a long one holds up no key.
//
// Every second thread prefers ranges: neither kind can keep the other waiting.
//
// Threads of our own wait for the database, never the pool's (ISession). Each holds one connection.

using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

internal sealed class ReadPool : IDisposable
{
    // Keys of one round.
    private const int MaxTogether = 256;

    // Reads that wait.
    private const int MaxWaiting = 20_000;

    private readonly IDatabase _database;
    private readonly FrontBoard _board;
    private readonly TimeSpan _limit;
    private readonly Thread[] _threads;

    // Guards what waits.
    private readonly object _gate = new();
    private readonly Queue<ReadJob> _keys = new();
    private readonly Queue<ReadJob> _ranges = new();
    private bool _isStopping;

    /// <param name="database">Of one bucket.</param>
    /// <param name="board">What is known: a moment before it means lost history.</param>
    /// <param name="threads">As many connections. With none, its owner steps it.</param>
    /// <param name="limit">How long a read may take, its wait included.</param>
    public ReadPool(IDatabase database, FrontBoard board, int threads, TimeSpan limit)
    {
        _database = database;
        _board = board;
        _limit = limit;
        _threads = [.. Enumerable.Range(0, threads).Select(number => new Thread(() => Run(number % 2 == 1)) { Name = $"raftd-read-{number}", IsBackground = true })];
    }

    /// <summary>Set by the owner of a pool without threads: called when a read waits.</summary>
    public Action Wake { get; set; } = static () => { };

    public void Start() => Array.ForEach(_threads, static thread => thread.Start());

    /// <summary>Reads keys in a moment of the database that begins after this call, and which other reads share.</summary>
    /// <param name="keys">That are looked up.</param>
    /// <param name="read">Of no more than those keys. On a thread that may wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreException">NotReady, TooManyRequests, or what the read throws.</exception>
    public ValueTask<T> ReadAsync<T>(
        IReadOnlyList<ReadOnlyMemory<byte>> keys, Func<ISnapshot, T> read, CancellationToken cancellationToken) =>
        ReadAsync(_keys, new ReadJob<T>(keys, read), cancellationToken);

    /// <summary>As the other, for what takes longer: in a moment of its own.</summary>
    public ValueTask<T> ReadRangeAsync<T>(Func<ISnapshot, T> read, CancellationToken cancellationToken) =>
        ReadAsync(_ranges, new ReadJob<T>([], read), cancellationToken);

    private async ValueTask<T> ReadAsync<T>(Queue<ReadJob> queue, ReadJob<T> job, CancellationToken cancellationToken)
    {
        if (_board.Fence is { } fence)
        {
            throw fence;
        }

        lock (_gate)
        {
            if (_isStopping)
            {
                throw Stopping();
            }

            if (_keys.Count + _ranges.Count >= MaxWaiting)
            {
                throw new StoreException(ErrorCode.TooManyRequests, "too many reads are waiting", "slow down, and try again");
            }

            queue.Enqueue(job);
            Monitor.Pulse(_gate);
        }

        Wake();
        try
        {
            return await job.Task.WaitAsync(_limit, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw DatabaseAnswers.Late(_limit);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.PulseAll(_gate);
        }

        Array.ForEach(_threads, static thread => thread.Join());
        FailWaiting(_board.Fence ?? Stopping());
    }

    /// <summary>One round, if reads wait: what each thread does, and what steps a pool without threads.</summary>
    /// <param name="session">Opened where there is none; null behind a fault.</param>
    /// <param name="prefersRanges">Where both kinds wait.</param>
    /// <returns>False where none waited.</returns>
    public bool Step(ref ISession? session, bool prefersRanges)
    {
        if (Take(prefersRanges) is not { } round)
        {
            return false;
        }

        // A connection may have been dead since the database was restarted, which its next use finds: a new one tells more.
        var wasOpen = session is not null;
        var failure = TryAnswer(ref session, round);
        if (wasOpen && failure?.Fault == DatabaseFault.Away)
        {
            failure = TryAnswer(ref session, round);
        }

        if (failure is not null)
        {
            round.ForEach(job => job.Fail(DatabaseAnswers.Of(failure)));
        }

        return true;
    }

    /// <summary>A pool without threads may have some.</summary>
    private void FailWaiting(StoreException failure)
    {
        while (Take(prefersRanges: true) is { } round)
        {
            round.ForEach(job => job.Fail(failure));
        }
    }

    private static StoreException Stopping() => new(ErrorCode.NotReady, "this front is shutting down", "ask another front");

    private void Run(bool prefersRanges)
    {
        ISession? session = null;
        while (true)
        {
            if (Step(ref session, prefersRanges))
            {
                continue;
            }

            // What a round has looked at is held until its connection's next command: not while there is none.
            session?.Dispose();
            session = null;
            if (!AwaitReads())
            {
                return;
            }
        }
    }

    /// <returns>Null where all were answered; otherwise the session is gone, and those that are left may be tried again.</returns>
    private DatabaseException? TryAnswer(ref ISession? session, List<ReadJob> round)
    {
        try
        {
            session ??= _database.Open();
            Answer(session, round);
            return null;
        }
        catch (DatabaseException failure)
        {
            session?.Dispose();
            session = null;
            return failure;
        }
    }

    private void Answer(ISession session, List<ReadJob> round)
    {
        if (!TryAnswerFrom(session, round))
        {
            _board.End(session);
            round.ForEach(job => job.Fail(_board.Fence!));
        }
    }

    /// <returns>False where the log has ended.</returns>
    private bool TryAnswerFrom(ISession session, List<ReadJob> round)
    {
        var known = _board.State.Last;
        using var snapshot = session.Snapshot([.. round.SelectMany(static job => job.Keys)]);
        if (snapshot.Last.Seq < known.Seq || (snapshot.Last.Seq == known.Seq && snapshot.Last.Chain != known.Chain))
        {
            _board.FenceOff(CommitLoop.HistoryLost($"its log ends at row {snapshot.Last.Seq}, and row {known.Seq} was there before"));
            round.ForEach(job => job.Fail(_board.Fence!));
            return true;
        }

        if (snapshot.Last.IsEnd)
        {
            return false;
        }

        _board.NoteTold(snapshot.Last.Revision);
        round.ForEach(job => job.Answer(snapshot));
        return true;
    }

    /// <returns>False at the end, once none waits.</returns>
    private bool AwaitReads()
    {
        lock (_gate)
        {
            while (_keys.Count == 0 && _ranges.Count == 0)
            {
                if (_isStopping)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            return true;
        }
    }

    /// <summary>The reads of the next round; null where none wait.</summary>
    private List<ReadJob>? Take(bool prefersRanges)
    {
        lock (_gate)
        {
            if ((_keys.Count == 0 || prefersRanges) && _ranges.TryDequeue(out var range))
            {
                return [range];
            }

            var round = new List<ReadJob>();
            while (round.Count < MaxTogether && _keys.TryDequeue(out var job))
            {
                round.Add(job);
            }

            return round.Count > 0 ? round : null;
        }
    }

    private abstract class ReadJob(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        public IReadOnlyList<ReadOnlyMemory<byte>> Keys { get; } = keys;

        /// <exception cref="DatabaseException">The round is over.</exception>
        public abstract void Answer(ISnapshot snapshot);

        public abstract void Fail(StoreException failure);
    }

    private sealed class ReadJob<T>(IReadOnlyList<ReadOnlyMemory<byte>> keys, Func<ISnapshot, T> read) : ReadJob(keys)
    {
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Task => _answer.Task;

        public override void Answer(ISnapshot snapshot)
        {
            try
            {
                _answer.TrySetResult(read(snapshot));
            }
            catch (StoreException refusal)
            {
                _answer.TrySetException(refusal);
            }
        }

        public override void Fail(StoreException failure) => _answer.TrySetException(failure);
    }
}
