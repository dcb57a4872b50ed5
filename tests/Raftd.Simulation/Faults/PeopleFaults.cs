using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>What people and their programs do at the wrong moment.</summary>
internal sealed class PeopleFaults(Cluster cluster, Dice dice) : FaultGroup(cluster, dice)
{
    public override Dictionary<FaultKind, Action<SimulatedMember>> Table() => new()
    {
        [FaultKind.Transfer] = Transfer,
        [FaultKind.TransferToAndFro] = _ => TransferToAndFro((int)Dice.Between(2, 6)),
        [FaultKind.RemoveLeader] = _ => Cluster.Membership.RemoveLeader(),
        [FaultKind.Rush] = _ => Cluster.RushUntil = Now + Math.Min(DrawDuration(), 2 * Scheduler.Second),
        [FaultKind.Ambush] = _ => Cluster.Ambush.Set(),
    };

    private void Transfer(SimulatedMember to)
    {
        if (Cluster.RunningMembers.Where(member => member.Host.PausedUntil <= Now).ToArray() is { Length: > 0 } awake)
        {
            Transfers.Ask(Cluster, Dice.Pick(awake), to.Id);
        }
    }

    private void TransferToAndFro(int times)
    {
        Transfer(Dice.Pick(Cluster.Members.ToArray()));
        if (times > 1)
        {
            Later(Dice.Exponential(Scheduler.Second / 5), () => TransferToAndFro(times - 1));
        }
    }
}
