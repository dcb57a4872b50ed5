namespace Raftd.Simulation;

/// <summary>A timer of a simulated clock, for waits with a limit. It runs out once.</summary>
internal sealed class SimulatedTimer : ITimer
{
    private bool _isOver;

    public SimulatedTimer(SimulatedClock clock, Scheduler scheduler, Action callback, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan || dueTime < TimeSpan.Zero)
        {
            throw new NotSupportedException($"a timer of {dueTime}, again after {period}");
        }

        scheduler.After(clock.ToGlobal(dueTime), () =>
        {
            if (!_isOver)
            {
                _isOver = true;
                callback();
            }
        });
    }

    public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException("no part of a member changes a timer");

    public void Dispose() => _isOver = true;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
