// What may go wrong, and the rules of fairness: with any mix of these the members must stay safe, and once it is over the
// cluster must serve again by itself.
//
//   - A crash may lose, of each file, any of the 512-byte sectors and any of the names that were not synced, and of the
//     state the transaction that was not committed. What was synced stays as it is, but for this:
//   - The last record of a log may be damaged by a crash although it was synced, which nobody can tell from a torn tail.
//     On one member at a time: it must be whole again before another loses its own; never on a cluster of one voter.
//   - Any number of members may crash, and all at once: nothing acknowledged rests on anything unsynced.
//   - A failed write or sync is told to the member, which must stop; what it had not synced may be gone.
//   - A full disk takes no new file and no new length; what is allocated can still be written. It has room again later.
//   - Messages may be lost, late, doubled and out of order, but not altered: the streams below have checksums.
//     A snapshot's chunks keep their order; their stream may end at any of them.
//   - The rates of clocks differ by at most Swarm.ClockSkew from the scheduler's. A pause stops a member's clockwork, not
//     its clock. A member that starts anew begins its clock anywhere.
//   - Of LeaseReads, see RaftOptions: no pauses, and rates that differ by less than a quarter.
//   - A member removed from the configuration does not come back with its disk (Membership).
//   - In the quiet phase at the end nothing goes wrong any more; rates, speeds and sizes stay.

using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.Testing;

namespace Raftd.Simulation.Faults;

internal sealed class Nemesis(Cluster cluster, Dice dice)
{
    // The last member whose log was damaged.
    private SimulatedMember? _damaged;

    private long Now => cluster.Scheduler.Now;

    public int Count { get; private set; }

    public void Start()
    {
        if (cluster.Swarm.Faults.Count > 0)
        {
            Plan();
        }
    }

    /// <summary>Mends everything and starts everybody.</summary>
    public void Stop()
    {
        cluster.IsQuiet = true;
        cluster.Network.MendAll();
        cluster.Network.StormUntil = 0;
        foreach (var member in cluster.Members)
        {
            member.Disk.IsFull = false;
            member.SlowDisk = default;
            member.Start();
        }
    }

    private void Plan() => cluster.Scheduler.After(1 + dice.Exponential(cluster.Swarm.FaultMeanMilliseconds * Scheduler.Millisecond), () =>
    {
        if (!cluster.IsQuiet)
        {
            Count++;
            Strike(dice.Pick(cluster.Swarm.Faults));
            Plan();
        }
    });

    private void Strike(FaultKind kind)
    {
        var victim = dice.Pick(cluster.Members.Where(member => !member.IsRetired).ToArray());
        cluster.Say("fault", $"{kind} {victim.Name}");
        switch (kind)
        {
            case FaultKind.Crash when victim.Running is not null:
                victim.Crash("a fault");
                break;
            case FaultKind.CrashInWrite:
                victim.Disk.PlantCrash();
                break;
            case FaultKind.PowerLoss when dice.Chance(0.5):
                PowerLoss();
                break;
            case FaultKind.CrashLoop:
                CrashLoop(victim, (int)dice.Between(2, 5));
                break;
            case FaultKind.Partition:
                cluster.Network.CutForAWhile(Halves());
                break;
            case FaultKind.OneWay:
                cluster.Network.CutForAWhile(Pairs().Where(_ => dice.Chance(0.25)));
                break;
            case FaultKind.IsolateLeader:
                cluster.Network.CutForAWhile(AroundLeader());
                break;
            case FaultKind.Pause:
                victim.PausedUntil = Now + Duration();
                break;
            case FaultKind.SlowDisk:
                victim.SlowDisk = (Now + Duration(), dice.Pick([20L, 200, 5000]) * Scheduler.Millisecond);
                break;
            case FaultKind.FullDisk:
                FillDisk(victim);
                break;
            case FaultKind.FailingDisk when dice.Chance(0.5):
                victim.Disk.PlantFailure();
                break;
            case FaultKind.Transfer:
                Transfer(victim);
                break;
            case FaultKind.Ambush:
                cluster.Ambush.Set();
                break;
            case FaultKind.DamagedTail when MayDamage(victim):
                Damage(victim);
                break;
            case FaultKind.Storm:
                cluster.Network.StormUntil = Now + Duration();
                break;
        }
    }

    /// <summary>One at a time: the one before has caught up, or is gone for good; and somebody else has what is lost.</summary>
    private bool MayDamage(SimulatedMember victim)
    {
        var isWhole = _damaged is null || _damaged.IsRetired || _damaged.Running is { Raft.IsRecovering: false };
        return isWhole && cluster.Membership.Voters > 1 && victim.Running is { Raft.IsRecovering: false };
    }

    /// <summary>The damage that hurts most: some members lag, the victim loses what it had ahead of them, and those that
    /// still have it are away. The victim and those that lag are a majority, and must not act as one.</summary>
    private void Damage(SimulatedMember victim)
    {
        _damaged = victim;
        var others = cluster.RunningMembers.Select(running => running.Host.Id).Where(id => id != victim.Id).ToList();
        var lagging = others.Where(_ => dice.Chance(0.5)).Take((others.Count + 1) / 2).ToHashSet();
        cluster.Network.CutForAWhile(Pairs().Where(link => lagging.Contains(link.From) || lagging.Contains(link.To)));
        cluster.Scheduler.After(dice.Exponential(Scheduler.Second / 5), () =>
        {
            if (victim.Running is { Raft.IsRecovering: false } && !cluster.IsQuiet)
            {
                victim.CrashWithDamage();
                cluster.Network.MendAll();
                cluster.Network.CutForAWhile(Pairs().Where(link => IsAway(link.From) || IsAway(link.To)));
            }
        });

        bool IsAway(ulong id) => id != victim.Id && !lagging.Contains(id);
    }

    private long Duration() => 1000 + dice.Exponential(dice.Pick([200L, 1000, 3000]) * Scheduler.Millisecond);

    private void PowerLoss()
    {
        foreach (var member in cluster.RunningMembers)
        {
            member.Host.Crash("the power fails", dice.Chance(0.5) ? CrashLoss.Everything : CrashLoss.Some);
        }
    }

    private void CrashLoop(SimulatedMember victim, int times)
    {
        if (victim.Running is not null)
        {
            victim.Crash("again");
        }

        if (times > 1)
        {
            cluster.Scheduler.After(dice.Exponential(Scheduler.Second / 4), () =>
            {
                if (!cluster.IsQuiet)
                {
                    victim.Start();
                    CrashLoop(victim, times - 1);
                }
            });
        }
    }

    private void FillDisk(SimulatedMember victim)
    {
        victim.Disk.IsFull = true;
        cluster.Scheduler.After(2 * Duration(), () => victim.Disk.IsFull = false);
    }

    private void Transfer(SimulatedMember to)
    {
        if (cluster.Leader is { } leader && leader.Host.PausedUntil <= Now)
        {
            leader.Replica.Ask(raft => raft.TransferLeadership(new NodeId(to.Id)));
        }
    }

    private IEnumerable<(ulong From, ulong To)> Pairs() =>
        from one in cluster.Members from other in cluster.Members where one != other select (one.Id, other.Id);

    private IEnumerable<(ulong From, ulong To)> Halves()
    {
        var side = cluster.Members.Where(_ => dice.Chance(0.5)).Select(member => member.Id).ToHashSet();
        return Pairs().Where(link => side.Contains(link.From) != side.Contains(link.To));
    }

    private IEnumerable<(ulong From, ulong To)> AroundLeader()
    {
        var id = cluster.Leader?.Host.Id ?? 0;
        var way = dice.Next(3);
        return Pairs().Where(link => (link.From == id && way != 0) || (link.To == id && way != 1));
    }
}
