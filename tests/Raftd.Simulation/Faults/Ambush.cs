using Raftd.Simulation.Members;
using Raftd.Testing;

namespace Raftd.Simulation.Faults;

/// <summary>The moment that matters: a fault that strikes soon after an acknowledgement, an election, a vote, a truncation, a
/// change of configuration or a snapshot. A crash at random hits such a moment once in thousands.</summary>
internal sealed class Ambush(Cluster cluster, Dice dice)
{
    private int _eventsUntil;

    /// <summary>Strikes after one of the next events.</summary>
    public void Set() => _eventsUntil = 1 + dice.Next(20);

    /// <summary>Something that matters has happened at this member.</summary>
    public void Spring(SimulatedMember member)
    {
        if (_eventsUntil > 0 && --_eventsUntil == 0 && !cluster.IsQuiet)
        {
            var delay = dice.Chance(0.5) ? 0 : dice.Exponential(dice.Pick([100L, 1000, 20_000]));
            cluster.Scheduler.After(delay, () => Strike(member));
        }
    }

    private void Strike(SimulatedMember member)
    {
        cluster.Say("fault", $"ambush of {member.Name}");
        switch (dice.Next(5))
        {
            case 0:
                Crash(member);
                break;
            case 1:
                cluster.RunningMembers.ForEach(running => Crash(running.Host));
                break;
            case 2:
                cluster.RunningMembers.Where(_ => dice.Chance(0.5)).ToList().ForEach(running => Crash(running.Host));
                break;
            case 3:
                cluster.Network.CutForAWhile(member.Id);
                break;
            default:
                Crash(member);
                cluster.Network.CutForAWhile(member.Id);
                break;
        }
    }

    private void Crash(SimulatedMember member)
    {
        if (member.Running is not null)
        {
            member.Crash("an ambush", dice.Chance(0.7) ? CrashLoss.Everything : CrashLoss.Some);
        }
    }
}
