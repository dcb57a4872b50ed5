using Raftd.Sql.Tests.Memory;

namespace Raftd.Simulation.Fronts;

/// <summary>What befalls fronts and their database (FrontFault), one thing at a time or several.</summary>
internal sealed class FrontNemesis(FrontWorld world, Dice dice)
{
    // Moments that the database may go back to: its replicas are not further behind.
    private const int Moments = 20;

    private readonly Queue<Tables> _moments = new();
    private bool _hasStopped;

    public int Count { get; private set; }

    public void Start()
    {
        Remember();
        Strike();
        Operate();
    }

    public void Stop()
    {
        _hasStopped = true;
        world.IsQuiet = true;
        (world.IsAway, world.IsFull) = (false, false);
        foreach (var front in world.Fronts)
        {
            (front.IsCutOff, front.IsCutFromPeers) = (false, false);
            front.Resume();
        }
    }

    private void Remember()
    {
        _moments.Enqueue(world.Database.Tables);
        if (_moments.Count > Moments)
        {
            _moments.Dequeue();
        }

        world.Scheduler.After(dice.Between(1, 200 * Scheduler.Millisecond), Remember);
    }

    private void Strike()
    {
        world.Scheduler.After(dice.Exponential(2 * Scheduler.Second), () =>
        {
            if (!_hasStopped && world.Swarm.Faults.Count > 0)
            {
                Count++;
                Do(dice.Pick(world.Swarm.Faults), dice.Pick(world.Fronts));
                Strike();
            }
        });
    }

    private void Do(FrontFault fault, SimulatedFront front)
    {
        var duration = dice.Chance(0.3) ? dice.Between(1, Scheduler.Second) : dice.Between(1, 8) * Scheduler.Second;
        switch (fault)
        {
            case FrontFault.Restart:
                front.Restart();
                break;
            case FrontFault.Pause:
                front.Pause(duration);
                break;
            case FrontFault.LongPause:
                LongPause(front);
                break;
            case FrontFault.CutOff:
                world.Say(front.Name, "is cut off from the database");
                front.IsCutOff = true;
                world.Scheduler.After(duration, () => front.IsCutOff = false);
                break;
            case FrontFault.PeersCut:
                world.Say(front.Name, "is cut off from other fronts");
                front.IsCutFromPeers = true;
                world.Scheduler.After(duration, () => front.IsCutFromPeers = false);
                break;
            case FrontFault.Away:
                world.Say("fault", "the database is away");
                world.IsAway = true;
                world.Scheduler.After(duration / 2, () => world.IsAway = false);
                break;
            case FrontFault.Full:
                world.Say("fault", "the database is full");
                world.IsFull = true;
                world.Scheduler.After(duration, () => world.IsFull = false);
                break;
            case FrontFault.LoseHistory:
                LoseHistory();
                break;
            case FrontFault.Transfer:
                Transfer(front);
                break;
        }
    }

    /// <summary>Sometimes of all fronts but one, as when a machine is stopped and goes on.</summary>
    private void LongPause(SimulatedFront front)
    {
        if (!dice.Chance(0.15))
        {
            return;
        }

        var duration = dice.Between(20, 90) * Scheduler.Second;
        foreach (var paused in world.Fronts.Where(other => other == front || dice.Chance(0.5)))
        {
            paused.Pause(duration + dice.Between(0, Scheduler.Second));
        }
    }

    private void LoseHistory()
    {
        var earlier = dice.Pick([.. _moments]);
        if (earlier.Last.Seq < world.Database.Tables.Last.Seq)
        {
            world.LoseHistory(earlier);
            _moments.Clear();
            _moments.Enqueue(earlier);
        }
    }

    /// <summary>To any front there ever was, as an operator may ask.</summary>
    private void Transfer(SimulatedFront front)
    {
        if (front.Running is { IsFenced: false, Parts: { } parts } && dice.Pick(world.Fronts).Current is { } next)
        {
            world.Say(front.Name, $"is told that {next.Front.Name} leads");
            parts.Commits.Appoint(parts.Board.State.Last.Epoch, next.Id);
        }
    }

    /// <summary>An operator starts fronts again that answer nothing any more.</summary>
    private void Operate()
    {
        world.Scheduler.After(dice.Between(1, 3 * Scheduler.Second), () =>
        {
            foreach (var front in world.Fronts.Where(static front => front.Running is { IsFenced: true }))
            {
                front.Restart();
            }

            Operate();
        });
    }
}
