using Raftd.State.Loops;

namespace Raftd.Simulation.Fronts;

/// <summary>Stands in for LoopThread: steps soon after it was woken, ticks and keeps its deadlines by its front's clock, and does
/// nothing else while it is in a call of the database.</summary>
internal sealed class SteppedLoop(FrontIncarnation owner, ILoop loop, Dice dice, TimeSpan tickInterval)
{
    private bool _isScheduled;
    private bool _isStepping;
    private bool _isTickDue;
    private long? _deadline;
    private TaskCompletionSource? _left;

    /// <summary>Steps for its deadlines, too, and not for ticks alone.</summary>
    public bool KeepsDeadlines { get; init; } = true;

    /// <summary>Called at the end of each step.</summary>
    public Action Stepped { get; init; } = static () => { };

    public void Start() => owner.After(dice.Between(0, owner.Clock.ToGlobal(tickInterval)), Tick);

    public void TickNow()
    {
        _isTickDue = true;
        Step();
    }

    /// <returns>Completes when it is stepped no more.</returns>
    public Task LeaveAsync()
    {
        _left = new TaskCompletionSource();
        if (!_isStepping)
        {
            _left.SetResult();
        }

        return _left.Task;
    }

    /// <summary>Another thread may run at once, before the one that wakes it goes on.</summary>
    public void Wake()
    {
        if (dice.Chance(0.1))
        {
            var context = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(null);
            Step();
            SynchronizationContext.SetSynchronizationContext(context);
        }
        else
        {
            StepSoon();
        }
    }

    private void StepSoon()
    {
        if (!_isScheduled)
        {
            _isScheduled = true;
            owner.After(dice.Between(1, 100), () =>
            {
                _isScheduled = false;
                Step();
            });
        }
    }

    private void Tick()
    {
        owner.After(owner.Clock.ToGlobal(tickInterval), Tick);
        TickNow();
    }

    private void Step()
    {
        if (_left is not null)
        {
            return;
        }

        if (_isStepping || !owner.MayRun)
        {
            // It looks again when it is out of its call, or awake.
            StepLater();
            return;
        }

        _isStepping = true;
        try
        {
            if (_isTickDue)
            {
                _isTickDue = false;
                loop.Tick();
            }

            if (loop.Step())
            {
                StepSoon();
            }
        }
        finally
        {
            _isStepping = false;
            _left?.TrySetResult();
        }

        Stepped();
        AwaitDeadline();
    }

    private void StepLater()
    {
        if (!_isScheduled && owner.IsAlive)
        {
            _isScheduled = true;
            owner.After(Math.Max(Scheduler.Millisecond, owner.Front.PausedUntil - owner.Now), () =>
            {
                _isScheduled = false;
                Step();
            });
        }
    }

    private void AwaitDeadline()
    {
        if (!KeepsDeadlines || loop.NextDeadline is not { } deadline || deadline == _deadline)
        {
            return;
        }

        _deadline = deadline;
        var left = owner.Clock.ToGlobal(owner.Clock.GetElapsedTime(owner.Clock.GetTimestamp(), deadline));
        owner.After(Math.Max(1, left), () =>
        {
            _deadline = null;
            StepSoon();
        });
    }
}
