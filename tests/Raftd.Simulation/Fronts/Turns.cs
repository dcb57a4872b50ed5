// Waits of code that blocks its thread, in a simulation of which one thread runs at a time.
//
// The events are run by one thread, the runner. An event that has to wait (Pass) makes an event of its own end, leaves the rest to
// another thread, which is the runner from then on, and blocks. When that event comes, the runner of that moment wakes the thread that
// waits and becomes idle; the woken one ends what it was at and runs the next events. So each wait ends at its time, whoever else
// waits meanwhile, and which threads there are decides nothing.
//
// Whoever made this only waits (RunUntil): it runs no event.

using System.Runtime.ExceptionServices;

namespace Raftd.Simulation.Fronts;

internal sealed class Turns(Scheduler scheduler) : IDisposable
{
    private readonly Stack<Runner> _idle = new();
    private readonly List<Wait> _waits = [];
    private Wait? _next;
    private Wait? _outside;
    private ExceptionDispatchInfo? _failure;
    private bool _isOver;

    /// <summary>Lets events run until this time. Not within an event.</summary>
    /// <exception cref="Exception">Of an event.</exception>
    public void RunUntil(long time)
    {
        _outside = Begin(time - scheduler.Now);
        Resume(_outside);
        _failure?.Throw();
    }

    /// <summary>Time passes for this event, and others run.</summary>
    /// <exception cref="OverException">The simulation has ended meanwhile.</exception>
    public void Pass(long duration)
    {
        if (!_isOver && !scheduler.TryPass(duration))
        {
            Resume(Begin(duration));
        }

        if (_isOver)
        {
            throw new OverException();
        }
    }

    /// <summary>Ends what still waits, one thread after the other.</summary>
    public void Dispose()
    {
        _isOver = true;
        foreach (var wait in _waits)
        {
            wait.End();
            wait.Thread.Join();
        }

        foreach (var runner in _idle)
        {
            runner.Turn.End();
            runner.Thread.Join();
        }
    }

    private Wait Begin(long duration)
    {
        var wait = new Wait(Thread.CurrentThread);
        _waits.Add(wait);
        scheduler.After(duration, () => _next = wait);
        return wait;
    }

    /// <summary>Another thread runs until this wait has ended.</summary>
    private void Resume(Wait wait)
    {
        if (!_idle.TryPop(out var runner))
        {
            runner = new Runner(this);
            runner.Thread.Start();
        }

        runner.Turn.End();
        wait.Await();
        if (!_isOver)
        {
            _waits.Remove(wait);
        }
    }

    private void Run(Runner runner)
    {
        while (true)
        {
            runner.Turn.Await();
            if (!_isOver)
            {
                RunEvents();
            }

            if (_isOver)
            {
                return;
            }

            var next = _next!;
            _next = null;
            _idle.Push(runner);
            next.End();
        }
    }

    /// <summary>Until one of them ends a wait, or fails.</summary>
    private void RunEvents()
    {
        try
        {
            scheduler.RunUntil(long.MaxValue, () => _next is not null || _isOver);
        }
        catch (OverException)
        {
            // Within an event that waited.
        }
        catch (Exception failure)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
            _next = _outside;
        }
    }

    /// <summary>Of one thread, until another one ends it.</summary>
    private sealed class Wait(Thread thread)
    {
        private readonly object _gate = new();
        private bool _hasEnded;

        public Thread Thread => thread;

        public void End()
        {
            lock (_gate)
            {
                _hasEnded = true;
                Monitor.Pulse(_gate);
            }
        }

        /// <summary>Blocks at once: what is waited for takes longer than a thread may spin.</summary>
        public void Await()
        {
            lock (_gate)
            {
                while (!_hasEnded)
                {
                    Monitor.Wait(_gate);
                }

                _hasEnded = false;
            }
        }
    }

    private sealed class Runner
    {
        public Runner(Turns turns)
        {
            Thread = new Thread(() => turns.Run(this)) { IsBackground = true, Name = "simulation" };
            Turn = new Wait(Thread);
        }

        public Thread Thread { get; }

        /// <summary>Ends when it is to run events.</summary>
        public Wait Turn { get; }
    }

    /// <summary>Thrown out of a wait whose simulation has ended.</summary>
    public sealed class OverException : Exception;
}
