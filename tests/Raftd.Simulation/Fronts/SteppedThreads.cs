using Raftd.Contract;
using Raftd.Sql.Buckets;
using Raftd.Sql.Database;
using Raftd.State.Loops;

namespace Raftd.Simulation.Fronts;

/// <summary>Stands in for the threads of a front's buckets (LoopTeam): each loop has one for itself.</summary>
internal sealed class SteppedThreads(FrontWorld world, FrontIncarnation owner, Dice dice) : IBucketThreads
{
    public ILoopSeat Add(ILoop loop, Func<TimeSpan> pace)
    {
        var seat = new Seat(owner, loop, pace, dice.Fork());
        seat.Look();
        return seat;
    }

    public Task<T> CallAsync<T>(Func<T> call) => RunAsync(() => Task.FromResult(call()));

    public Task<T> RunAsync<T>(Func<Task<T>> code)
    {
        var end = new TaskCompletionSource<T>();
        new SteppedContext(world, owner).Run(async () =>
        {
            try
            {
                end.SetResult(await code());
            }
            catch (Exception failure) when (failure is StoreException or DatabaseException)
            {
                end.SetException(failure);
            }
        });
        return end.Task;
    }

    public void Dispose()
    {
    }

    private sealed class Seat(FrontIncarnation owner, ILoop loop, Func<TimeSpan> pace, Dice dice) : ILoopSeat
    {
        // Of the thread that looks whose tick is due. The product's looks more often.
        private const long LookInterval = 50 * Scheduler.Millisecond;

        private readonly SteppedLoop _loop = new(owner, loop, dice, Timeout.InfiniteTimeSpan) { KeepsDeadlines = false };
        private long _lastTick = owner.Clock.GetTimestamp();
        private bool _hasLeft;

        public void Wake() => _loop.Wake();

        public Task LeaveAsync()
        {
            _hasLeft = true;
            return _loop.LeaveAsync();
        }

        public void Look()
        {
            if (_hasLeft)
            {
                return;
            }

            owner.After(LookInterval, Look);
            if (owner.Clock.GetElapsedTime(_lastTick) >= pace())
            {
                _lastTick = owner.Clock.GetTimestamp();
                _loop.TickNow();
            }
        }
    }
}
