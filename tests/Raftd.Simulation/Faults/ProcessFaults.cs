using Raftd.Simulation.Members;
using Raftd.State.Commands;
using Raftd.Testing.Disks;

namespace Raftd.Simulation.Faults;

/// <summary>Processes that die, stand still, or keep another time.</summary>
internal sealed class ProcessFaults(Cluster cluster, Dice dice) : FaultGroup(cluster, dice)
{
    public override Dictionary<FaultKind, Action<SimulatedMember>> Table() => new()
    {
        [FaultKind.Crash] = Crash,
        [FaultKind.CrashLeader] = _ => Crash(Cluster.Leader?.Host),
        [FaultKind.CrashInWrite] = victim => victim.Disk.PlantCrash(),
        [FaultKind.CrashInSend] = victim => victim.SendsToCrash = 1 + Dice.Next(20),
        [FaultKind.CrashInRecovery] = CrashInRecovery,
        [FaultKind.CrashSome] = _ => CrashAll(0.5),
        [FaultKind.PowerLoss] = _ => CrashAll(1),
        [FaultKind.CrashLoop] = victim => CrashLoop(victim, (int)Dice.Between(2, 5)),
        [FaultKind.RollingRestart] = _ => RollingRestart(),
        [FaultKind.Pause] = victim => Pause(victim, DrawDuration()),
        [FaultKind.Freeze] = Freeze,
        [FaultKind.PauseAll] = _ => PauseAll(),
        [FaultKind.StalledLoop] = victim => victim.Running?.Stall(Dice.Next(Incarnation.Loops), DrawDuration()),
        [FaultKind.Upgrade] = Upgrade,
        [FaultKind.ClockRate] = victim => victim.DrawClockRate(),
    };

    private static void Crash(SimulatedMember? victim)
    {
        if (victim?.Running is not null)
        {
            victim.Crash("a fault");
        }
    }

    private void CrashInRecovery(SimulatedMember victim)
    {
        victim.Disk.PlantCrashInRecovery();
        Crash(victim);
    }

    private void CrashAll(double chance)
    {
        foreach (var member in Cluster.RunningMembers.Where(_ => Dice.Chance(chance)).ToArray())
        {
            member.Host.Crash("the power fails", Dice.Chance(0.5) ? CrashLoss.Everything : CrashLoss.Some);
        }
    }

    private void CrashLoop(SimulatedMember victim, int times)
    {
        Crash(victim);
        if (times > 1)
        {
            Later(Dice.Exponential(Scheduler.Second / 4), () =>
            {
                victim.Start();
                CrashLoop(victim, times - 1);
            });
        }
    }

    private void RollingRestart()
    {
        var delay = 0L;
        foreach (var member in Cluster.Members)
        {
            delay += Dice.Exponential(Scheduler.Second);
            Later(delay, () => Stop(member));
        }
    }

    /// <summary>As a process does that is told to: it hands over before, if it leads, but does not wait for ever.</summary>
    private void Stop(SimulatedMember member)
    {
        if (member.Running is not { } running || member.PausedUntil > Now)
        {
            Crash(member);
            return;
        }

        void End()
        {
            if (running.IsAlive)
            {
                member.Crash("is stopped", CrashLoss.Nothing);
            }
        }

        AskedOf<bool>.Send(running, running.Peers.HandOverAsync(), (_, _) => Cluster.Scheduler.After(1, End));
        Later(2 * SimulatedMember.ElectionTimeoutTicks * Cluster.Swarm.HeartbeatMilliseconds * Scheduler.Millisecond, End);
    }

    /// <remarks>No member goes back once one shows the newer level. One that had announced it, and went back a moment before
    /// the level rises, stops and is upgraded again.</remarks>
    private void Upgrade(SimulatedMember victim)
    {
        var hasRisen = Cluster.RunningMembers.Exists(member => member.Parts.State.View().FeatureLevel > FeatureLevel.First);
        victim.Install(hasRisen || Dice.Chance(0.7) ? SimulatedMember.NewestLevel : FeatureLevel.First);
    }

    private void Pause(SimulatedMember victim, long duration) => victim.PausedUntil = Math.Max(victim.PausedUntil, Now + duration);

    private void Freeze(SimulatedMember victim)
    {
        var duration = DrawDuration();
        Pause(victim, duration);
        victim.Running?.Clock.StandUntil(Now + duration);
    }

    private void PauseAll()
    {
        var duration = DrawDuration();
        foreach (var member in Cluster.RunningMembers)
        {
            Pause(member.Host, duration + Dice.Exponential(Scheduler.Millisecond));
        }
    }
}
