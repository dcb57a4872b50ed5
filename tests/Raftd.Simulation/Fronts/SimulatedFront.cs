using Raftd.Sql.Database;

namespace Raftd.Simulation.Fronts;

/// <summary>The place of a front: it is started there again and again.</summary>
internal sealed class SimulatedFront
{
    private readonly FrontWorld _world;
    private readonly Dice _dice;

    public SimulatedFront(FrontWorld world, Dice dice, int number)
    {
        _world = world;
        _dice = dice;
        Name = $"f{number}";
        Rate = 1 + (((dice.Unit() * 2) - 1) * FrontSwarm.MaxClockSkew);
    }

    public string Name { get; }

    /// <summary>Of its clock.</summary>
    public double Rate { get; }

    public long PausedUntil { get; private set; }

    public bool IsCutOff { get; set; }

    /// <summary>Other fronts and this one do not reach each other.</summary>
    public bool IsCutFromPeers { get; set; }

    public FrontIncarnation? Current { get; private set; }

    /// <summary>Null while it does not answer.</summary>
    public FrontIncarnation? Running => Current is { IsAlive: true, Parts: not null } current ? current : null;

    public void Pause(long duration)
    {
        _world.Say(Name, $"stands still for {duration / 1e6:0.0} s");
        PausedUntil = _world.Now + duration;
    }

    public void Resume() => PausedUntil = Math.Min(PausedUntil, _world.Now);

    public void Restart()
    {
        _world.Say(Name, "is started");
        Current?.Kill();
        Resume();
        var started = new FrontIncarnation(_world, this, _dice.Fork(), _dice.Draw() | 1);
        Current = started;
        _world.Scheduler.After(_dice.Between(1, Scheduler.Second), () => Load(started));
    }

    public void HistoryIsLost(long through)
    {
        if (Running is { KnowsLostRows: false, Parts: { } parts } running && parts.Board.State.Last.Seq > through)
        {
            running.LostRow = parts.Board.State.Last;
        }
    }

    private void Load(FrontIncarnation started)
    {
        if (!started.IsAlive)
        {
            return;
        }

        try
        {
            started.Start(_dice.Fork());
        }
        catch (DatabaseException)
        {
            _world.Scheduler.After(Scheduler.Second, () => Load(started));
        }
    }
}
