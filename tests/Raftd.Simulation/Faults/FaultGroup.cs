using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>Faults of one sort, by their kind. Each is given a victim, which it need not take.</summary>
internal abstract class FaultGroup(Cluster cluster, Dice dice)
{
    public abstract Dictionary<FaultKind, Action<SimulatedMember>> Table();

    protected Cluster Cluster { get; } = cluster;

    protected Dice Dice { get; } = dice;

    protected long Now => Cluster.Scheduler.Now;

    /// <summary>Mostly less than a second, sometimes several election timeouts.</summary>
    protected long DrawDuration() => 1000 + Dice.Exponential(Dice.Pick([200L, 1000, 3000]) * Scheduler.Millisecond);

    /// <summary>Later, unless the faults are over by then.</summary>
    protected void Later(long delay, Action happening) => Cluster.Scheduler.After(delay, () =>
    {
        if (!Cluster.IsQuiet)
        {
            happening();
        }
    });
}
