using Raftd.Simulation.Members;
using Raftd.Simulation.Network;

namespace Raftd.Simulation.Faults;

/// <summary>Links that are cut, bad or slow, and messages that come back.</summary>
internal sealed class NetworkFaults(Cluster cluster, Dice dice) : FaultGroup(cluster, dice)
{
    public override Dictionary<FaultKind, Action<SimulatedMember>> Table() => new()
    {
        [FaultKind.Partition] = _ => Network.CutForAWhile(BetweenHalves(bridge: 0)),
        [FaultKind.Bridge] = bridge => Network.CutForAWhile(BetweenHalves(bridge.Id)),
        [FaultKind.Ring] = _ => Network.CutForAWhile(AcrossTheRing()),
        [FaultKind.OneWay] = _ => Network.CutForAWhile(Cluster.Links().Where(_ => Dice.Chance(0.25))),
        [FaultKind.IsolateLeader] = _ => Network.CutForAWhile(AroundLeader()),
        [FaultKind.LeaveBehind] = victim => Network.Cut(Around(victim.Id).ToArray(), Dice.Between(5, 20) * Scheduler.Second),
        [FaultKind.VoteBehindSnapshot] = Cluster.Straggler.HoldBack,
        [FaultKind.FlappingLink] = _ => WithLink(link => Flap(link, (int)Dice.Between(5, 40))),
        [FaultKind.LossyLink] = _ => WithLink(link => Ail(link, loss: 0.5, delay: 0)),
        [FaultKind.SlowLink] = _ => WithLink(link => Ail(link, loss: 0, Dice.Pick([200L, 1000, 3000]) * Scheduler.Millisecond)),
        [FaultKind.LostInFlight] = _ => Network.LoseInFlight(),
        [FaultKind.Replay] = _ => Network.Replay(),
        [FaultKind.BrokenSnapshots] = _ => Network.BreakSnapshots(),
        [FaultKind.SlowReader] = victim => Network.ReadSlowly(victim.Id, Now + DrawDuration()),
        [FaultKind.Storm] = _ => Network.StormUntil = Now + DrawDuration(),
    };

    private SimulatedNetwork Network => Cluster.Network;

    private IEnumerable<(ulong From, ulong To)> BetweenHalves(ulong bridge)
    {
        var side = Cluster.Members.Where(_ => Dice.Chance(0.5)).Select(member => member.Id).ToHashSet();
        return Cluster.Links().Where(link =>
            side.Contains(link.From) != side.Contains(link.To) && link.From != bridge && link.To != bridge);
    }

    private IEnumerable<(ulong From, ulong To)> AcrossTheRing()
    {
        var order = Cluster.Members.Select(member => member.Id).ToList();
        return Cluster.Links().Where(link =>
        {
            var distance = Math.Abs(order.IndexOf(link.From) - order.IndexOf(link.To));
            return distance != 1 && distance != order.Count - 1;
        });
    }

    private IEnumerable<(ulong From, ulong To)> Around(ulong id) =>
        Cluster.Links().Where(link => link.From == id || link.To == id);

    /// <summary>In both directions, or in one.</summary>
    private IEnumerable<(ulong From, ulong To)> AroundLeader()
    {
        var id = Cluster.Leader?.Host.Id ?? 0;
        var way = Dice.Next(3);
        return Cluster.Links().Where(link => (link.From == id && way != 0) || (link.To == id && way != 1));
    }

    private void Flap((ulong From, ulong To) link, int times)
    {
        Network.Cut([link, (link.To, link.From)], Dice.Exponential(30 * Scheduler.Millisecond));
        if (times > 1)
        {
            Later(Dice.Exponential(60 * Scheduler.Millisecond), () => Flap(link, times - 1));
        }
    }

    private void Ail((ulong From, ulong To) link, double loss, long delay) =>
        Network.Ail(link, new Ailment(Now + (3 * DrawDuration()), loss, delay));

    /// <summary>One member alone has none.</summary>
    private void WithLink(Action<(ulong From, ulong To)> fault)
    {
        var links = Cluster.Links().ToArray();
        if (links.Length > 0)
        {
            fault(Dice.Pick(links));
        }
    }
}
