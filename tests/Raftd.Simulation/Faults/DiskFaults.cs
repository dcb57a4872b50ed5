using Raftd.Simulation.Members;
using Raftd.Testing.Disks;

namespace Raftd.Simulation.Faults;

/// <summary>Disks that are slow, full, broken, forget, or have something else than was written.</summary>
internal sealed class DiskFaults(Cluster cluster, Dice dice) : FaultGroup(cluster, dice)
{
    // The last member whose log was damaged, or is about to be.
    private SimulatedMember? _damaged;
    private bool _isDamagePending;

    public override Dictionary<FaultKind, Action<SimulatedMember>> Table() => new()
    {
        [FaultKind.SlowDisk] = SlowDisk,
        [FaultKind.HungDisk] = HungDisk,
        [FaultKind.SlowState] = victim => victim.Running?.Stall(Incarnation.FlusherLoop, 3 * DrawDuration()),
        [FaultKind.FullDisk] = FullDisk,
        [FaultKind.FailingSync] = victim => Sometimes(victim.Disk.PlantFailedSync),
        [FaultKind.FailingCall] = victim => Sometimes(victim.Disk.PlantFailedCall),
        [FaultKind.FailingState] = victim => Sometimes(victim.Disk.PlantFailedState),
        [FaultKind.DamagedTail] = DamageTail,
        [FaultKind.BitRot] = Rot,
        [FaultKind.StateRot] = RotState,
        [FaultKind.LostPage] = LosePage,
        [FaultKind.EmptiedFounder] = EmptyDisk,
    };

    /// <summary>A disk that fails is rarer than one that is slow; it stops the process each time.</summary>
    private void Sometimes(Action fault)
    {
        if (Dice.Chance(0.5))
        {
            fault();
        }
    }

    private void SlowDisk(SimulatedMember victim) =>
        victim.SlowDisk = (Now + DrawDuration(), Dice.Pick([5L, 20, 200]) * Scheduler.Millisecond);

    private void HungDisk(SimulatedMember victim)
    {
        var duration = 3 * DrawDuration();
        victim.Running?.Stall(Incarnation.LogLoop, duration);
        victim.Running?.Stall(Incarnation.FlusherLoop, duration);
    }

    private void FullDisk(SimulatedMember victim)
    {
        victim.Disk.IsFull = true;
        Cluster.Scheduler.After(2 * DrawDuration(), () => victim.Disk.IsFull = false);
    }

    // The one before has caught up, or is gone for good.
    private bool IsMended => !_isDamagePending && (_damaged is null || _damaged.IsRetired || IsWhole(_damaged));

    /// <summary>One log at a time; and another member has what is lost.</summary>
    private bool MayDamage(SimulatedMember victim) =>
        IsWhole(victim) && IsMended && Cluster.Membership.Voters > 1 && Cluster.Replacement.IsDone;

    /// <summary>All others are there and count for the majority that goes on without the victim.</summary>
    private bool MayDamageState(SimulatedMember victim) => IsMended && Cluster.Replacement.MayDamage(victim)
        && Cluster.Members.Where(member => member != victim && Cluster.Membership.IsMember(member.Id)).All(IsSoundOrReplaced);

    private static bool IsSoundOrReplaced(SimulatedMember member) => IsWhole(member) || member.IsCondemned;

    private static bool IsWhole(SimulatedMember member) => member is { Running.Raft.IsRecovering: false, Disk.HasRot: false };

    /// <summary>The damage that hurts most: some members lag, the victim loses what it had ahead of them, and those that
    /// still have it are away. The victim and those that lag are a majority, and must not act as one.</summary>
    private void DamageTail(SimulatedMember victim)
    {
        if (!MayDamage(victim))
        {
            return;
        }

        _isDamagePending = true;
        var others = Cluster.RunningMembers.Select(running => running.Host.Id).Where(id => id != victim.Id).ToList();
        var lagging = others.Where(_ => Dice.Chance(0.5)).Take((others.Count + 1) / 2).ToHashSet();
        Cluster.Network.CutForAWhile(Cluster.Links().Where(link => lagging.Contains(link.From) || lagging.Contains(link.To)));
        Cluster.Scheduler.After(Dice.Exponential(Scheduler.Second / 5), () =>
        {
            _isDamagePending = false;
            if (MayDamage(victim) && !Cluster.IsQuiet)
            {
                _damaged = victim;
                victim.CrashWithDamage();
                Cluster.Network.MendAll();
                Cluster.Network.CutForAWhile(Cluster.Links().Where(link => IsAway(link.From) || IsAway(link.To)));
            }
        });

        bool IsAway(ulong id) => id != victim.Id && !lagging.Contains(id);
    }

    private void Rot(SimulatedMember victim)
    {
        if (MayDamage(victim) && victim.Disk.Rot() is { } where)
        {
            _damaged = victim;
            Cluster.Say(victim.Name, $"rots: {where}");
        }
    }

    private void RotState(SimulatedMember victim)
    {
        if (MayDamageState(victim) && victim.Disk.RotState() is { } where)
        {
            Cluster.Say(victim.Name, $"rots: {where}");
        }
    }

    /// <remarks>While it is down: a member that runs looks for what is gone only where it reads it.</remarks>
    private void LosePage(SimulatedMember victim)
    {
        if (!MayDamageState(victim))
        {
            return;
        }

        if (victim.Running is not null)
        {
            victim.Crash("its disk loses a page", CrashLoss.Everything);
        }

        if (victim.Disk.LosePage() is { } what)
        {
            Cluster.Say(victim.Name, $"damaged: {what}");
        }
    }

    private void EmptyDisk(SimulatedMember victim)
    {
        if (MayDamageState(victim))
        {
            victim.StartEmptied();
        }
    }
}
