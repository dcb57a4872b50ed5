namespace Raftd.Simulation;

/// <summary>What happens next: everything in a simulation is an event at a virtual time, in microseconds, run one by one on
/// one thread. Events of the same time run in the order in which they were made.</summary>
internal sealed class Scheduler
{
    public const long Millisecond = 1_000;
    public const long Second = 1_000_000;

    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private long _made;

    /// <summary>Microseconds since the start. Never goes back.</summary>
    public long Now { get; private set; }

    public long EventsRun { get; private set; }

    public void After(long delay, Action happening) => _events.Enqueue(happening, (Now + delay, _made++));

    /// <summary>Lets time pass, if nothing happens until then.</summary>
    public bool TryPass(long duration)
    {
        if (_events.TryPeek(out _, out var next) && next.Time <= Now + duration)
        {
            return false;
        }

        Now += duration;
        return true;
    }

    /// <summary>Runs all events up to the time, or until the condition holds after one of them.</summary>
    /// <returns>Whether the condition held.</returns>
    public bool RunUntil(long time, Func<bool>? condition = null)
    {
        while (_events.TryPeek(out _, out var next) && next.Time <= time)
        {
            var happening = _events.Dequeue();
            Now = next.Time;
            EventsRun++;
            happening();
            if (condition is not null && condition())
            {
                return true;
            }
        }

        Now = Math.Max(Now, time);
        return false;
    }
}
