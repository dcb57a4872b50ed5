// A few threads for the loops of many buckets. A loop that waits for the database keeps its thread for that time, so as many loops wait
// at once as there are threads; the others come in their turn, in the order in which they were woken.
//
// What waits for the database beside the loops, a front's look at all buckets for one, has a thread of its own for that time.
//
// A loop has a seat, and the seat's state says who may touch it:
//
//   resting   no thread has it; a wake or a tick queues it
//   queued    it is in the queue, once; one that has left meanwhile is dropped there
//   working   one thread steps it; a wake meanwhile is remembered, and queues it again behind the step
//
// Ticks come from one thread that looks through all seats and queues those that are due. So a loop is never stepped by two threads, and
// a bucket that nothing happens in costs that look alone. Deadlines of loops (ILoop.NextDeadline) are kept by their ticks.

using Raftd.State.Loops;

namespace Raftd.Sql.Buckets;

/// <summary>Steps loops that share its threads. Threads begin with the first loop.</summary>
internal sealed class LoopTeam : IBucketThreads
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(10);

    private readonly ManualResetEventSlim _stop = new();

    private readonly TimeProvider _time;
    private readonly Action<Exception> _failed;
    private readonly Thread[] _threads;
    private readonly Thread _clock;

    // Guards the queue, and the states of all seats.
    private readonly object _gate = new();
    private readonly Queue<Seat> _queue = new();
    private readonly List<Seat> _seats = [];
    private bool _hasStarted;
    private bool _isStopping;
    private bool _hasStopped;

    /// <param name="name">Of the threads.</param>
    /// <param name="threads">How many.</param>
    /// <param name="time">Monotonic time; only its timestamps are used.</param>
    /// <param name="failed">Called with the exception that ended a step; stops the process.</param>
    public LoopTeam(string name, int threads, TimeProvider time, Action<Exception> failed)
    {
        _time = time;
        _failed = failed;
        _threads = [.. Enumerable.Range(0, threads).Select(number => new Thread(Work) { Name = $"{name}-{number}", IsBackground = true })];
        _clock = new Thread(Look) { Name = $"{name}-clock", IsBackground = true };
    }

    private enum SeatState
    {
        Resting,
        Queued,
        Working,
    }

    public ILoopSeat Add(ILoop loop, Func<TimeSpan> pace)
    {
        var seat = new Seat(this, loop, pace) { LastTick = _time.GetTimestamp() };
        lock (_gate)
        {
            _seats.Add(seat);
            if (!_hasStarted && !_isStopping)
            {
                _hasStarted = true;
                _clock.Start();
                Array.ForEach(_threads, static thread => thread.Start());
            }
        }

        return seat;
    }

    public Task<T> CallAsync<T>(Func<T> call) =>
        Task.Factory.StartNew(call, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public Task<T> RunAsync<T>(Func<Task<T>> code) => Task.Run(code);

    /// <summary>Ends the threads after their current steps.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopping = true;
            Monitor.PulseAll(_gate);
        }

        _stop.Set();

        if (_hasStarted)
        {
            _clock.Join();
            Array.ForEach(_threads, static thread => thread.Join());
        }

        lock (_gate)
        {
            _hasStopped = true;
        }

        _stop.Dispose();
    }

    private void Wake(Seat seat)
    {
        lock (_gate)
        {
            seat.IsWoken = true;
            if (seat.State == SeatState.Resting && seat.Left is null)
            {
                Enqueue(seat);
            }
        }
    }

    private void Enqueue(Seat seat)
    {
        seat.State = SeatState.Queued;
        _queue.Enqueue(seat);
        Monitor.PulseAll(_gate);
    }

    private Task Remove(Seat seat)
    {
        lock (_gate)
        {
            _seats.Remove(seat);
            seat.Left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            if (seat.State != SeatState.Working || _hasStopped)
            {
                seat.Left.SetResult();
            }

            return seat.Left.Task;
        }
    }

    private void Work()
    {
        try
        {
            while (Next() is { } seat)
            {
                if (seat.TakeTick())
                {
                    seat.Loop.Tick();
                }

                Return(seat, hasMore: seat.Loop.Step());
            }
        }
        catch (Exception failure)
        {
            // As in LoopThread: any exception of a step stops the process.
            _failed(failure);
        }
    }

    private Seat? Next()
    {
        lock (_gate)
        {
            while (true)
            {
                if (_isStopping)
                {
                    return null;
                }

                if (!_queue.TryDequeue(out var seat))
                {
                    Monitor.Wait(_gate);
                }
                else if (seat.Left is null)
                {
                    (seat.State, seat.IsWoken) = (SeatState.Working, false);
                    return seat;
                }
            }
        }
    }

    private void Return(Seat seat, bool hasMore)
    {
        lock (_gate)
        {
            seat.State = SeatState.Resting;
            if (seat.Left is { } left)
            {
                left.TrySetResult();
            }
            else if (hasMore || seat.IsWoken)
            {
                Enqueue(seat);
            }
        }
    }

    private void Look()
    {
        while (!_stop.Wait(LookInterval))
        {
            Seat[] seats;
            lock (_gate)
            {
                seats = [.. _seats];
            }

            foreach (var seat in seats.Where(seat => _time.GetElapsedTime(seat.LastTick) >= seat.Pace()))
            {
                seat.NoteTick(_time.GetTimestamp());
                Wake(seat);
            }
        }
    }

    /// <summary>A loop's place in the team.</summary>
    private sealed class Seat(LoopTeam team, ILoop loop, Func<TimeSpan> pace) : ILoopSeat
    {
        private int _isTickDue;

        internal ILoop Loop => loop;

        internal Func<TimeSpan> Pace => pace;

        /// <summary>Of the clock's thread.</summary>
        internal long LastTick { get; set; }

        internal bool IsWoken { get; set; }

        /// <summary>Null while it is stepped; then completes when no thread does that any more.</summary>
        internal TaskCompletionSource? Left { get; set; }

        internal SeatState State { get; set; }

        internal void NoteTick(long now)
        {
            LastTick = now;
            Volatile.Write(ref _isTickDue, 1);
        }

        internal bool TakeTick() => Interlocked.Exchange(ref _isTickDue, 0) != 0;

        public void Wake() => team.Wake(this);

        public Task LeaveAsync() => team.Remove(this);
    }
}
