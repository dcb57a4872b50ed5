using Raftd.Simulation.Members;
using Raftd.Testing.Disks;

namespace Raftd.Simulation.Faults;

internal enum Moment
{
    /// <summary>A client was told that its write is done.</summary>
    Acknowledged,

    Elected,

    Voted,

    /// <summary>A leader that has committed nothing in its term hears that another member has what came before it: to count
    /// that as committed would be figure 8 of the paper.</summary>
    HeirHeard,

    /// <summary>Entries were cut off, a configuration or a snapshot was taken in.</summary>
    LogChanged,
}

/// <summary>The moment that matters: a fault that strikes soon after an acknowledgement, an election, a vote, a truncation, a
/// change of configuration or a snapshot. A crash at random hits such a moment once in thousands.</summary>
internal sealed class Ambush(Cluster cluster, Dice dice)
{
    private Moment _awaited;
    private int _eventsUntil;
    private int _strikesLeft;

    /// <summary>Strikes after one of the next events of some kind, and perhaps again and again: leaders that fall as soon as
    /// they lead leave the logs that the rules of commitment are made for.</summary>
    public void Set()
    {
        _awaited = dice.Pick(Enum.GetValues<Moment>());
        _strikesLeft = dice.Chance(0.5) ? 1 : 1 + dice.Next(6);
        Arm();
    }

    /// <summary>Something that matters has happened at this member.</summary>
    public void Spring(SimulatedMember member, Moment moment)
    {
        if (moment != _awaited || cluster.IsQuiet || _eventsUntil == 0 || --_eventsUntil > 0)
        {
            return;
        }

        var delay = dice.Chance(0.5) ? 0 : dice.Exponential(dice.Pick([100L, 1000, 20_000]));
        cluster.Scheduler.After(delay, () => Strike(member));
        if (--_strikesLeft > 0)
        {
            Arm();
        }
    }

    private void Arm() => _eventsUntil = 1 + dice.Next(_awaited switch
    {
        Moment.Acknowledged => 20,
        Moment.HeirHeard => 4,
        _ => 2,
    });

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
