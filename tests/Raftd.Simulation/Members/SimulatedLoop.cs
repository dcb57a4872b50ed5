using Raftd.State.Loops;

namespace Raftd.Simulation.Members;

/// <summary>Stands in for LoopThread: a loop that is woken has stepped after as long as the dice say that the step takes, and
/// it ticks, and keeps its deadlines, by its member's own clock.</summary>
/// <remarks>What a step does happens at its end: a sync that hangs has not happened yet. A tick that becomes due meanwhile
/// waits for it, and those behind it are one, as they are for a thread that is late.</remarks>
internal sealed class SimulatedLoop(Incarnation owner, ILoop loop, int number, Func<long> duration, TimeSpan tickInterval)
{
    private bool _isAwake;
    private bool _isTickDue;
    private long _stalledUntil;
    private int _turn;
    private long? _deadline;

    private long UntilTick => owner.Clock.ToGlobal(tickInterval);

    public void Start() => owner.After(duration() % UntilTick, Tick);

    public void Wake()
    {
        if (!_isAwake)
        {
            StepAfter(DrawDuration());
        }
    }

    public bool IsStalled => _stalledUntil > owner.Now;

    /// <summary>It gets no turn for that long.</summary>
    public void Stall(long duration) => _stalledUntil = Math.Max(_stalledUntil, owner.Now + duration);

    public void StopStalling()
    {
        _stalledUntil = 0;
        if (_isAwake)
        {
            _turn++;
            StepAfter(DrawDuration());
        }
    }

    private void Tick()
    {
        var untilTick = UntilTick;
        owner.After(untilTick, Tick);
        _isTickDue = true;
        if (_isAwake)
        {
            return;
        }

        // What takes less of a tick than a tenth is done with it at once: one event instead of two.
        var takes = DrawDuration();
        if (takes < untilTick / 10)
        {
            Step();
        }
        else
        {
            StepAfter(takes);
        }
    }

    private long DrawDuration() => Math.Max(duration(), _stalledUntil - owner.Now);

    private void StepAfter(long delay)
    {
        _isAwake = true;
        var turn = _turn;
        owner.After(delay, () =>
        {
            if (turn == _turn)
            {
                Step();
            }
        });
    }

    private void Step()
    {
        _isAwake = false;
        var more = false;
        owner.Run(number, () =>
        {
            if (_isTickDue)
            {
                _isTickDue = false;
                loop.Tick();
            }

            more = loop.Step();
        });
        if (more)
        {
            Wake();
        }
        else
        {
            AwaitDeadline();
        }
    }

    private void AwaitDeadline()
    {
        if (loop.NextDeadline is not { } deadline || deadline == _deadline)
        {
            return;
        }

        _deadline = deadline;
        var left = owner.Clock.ToGlobal(owner.Clock.GetElapsedTime(owner.Clock.GetTimestamp(), deadline));
        owner.After(Math.Max(1, left), () =>
        {
            if (_deadline == deadline)
            {
                _deadline = null;
                Wake();
            }
        });
    }
}
