using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>Brings down the member that serves as the leader, again and again: by a crash, a pause longer than an election takes, a
/// cut from the others in both directions, or a request to hand over. Nothing else goes wrong.</summary>
/// <remarks>Fair as Nemesis is; in a pause the member's clock goes on, as of a stopped process, or stands, as of a stopped
/// machine. The next leader is struck only once it serves.</remarks>
internal sealed class LeaderHunt(Cluster cluster, Dice dice)
{
    public int Strikes { get; private set; }

    private long Period => cluster.Swarm.LeaderChangeMilliseconds * Scheduler.Millisecond;

    // Followers wait one to two of these before they stand for election, by clocks that differ.
    private long ElectionTimeout =>
        SimulatedMember.ElectionTimeoutTicks * cluster.Swarm.HeartbeatMilliseconds * Scheduler.Millisecond;

    public void Start()
    {
        if (Period > 0)
        {
            Plan(dice.Between(Period * 3 / 4, Period * 5 / 4));
        }
    }

    private void Plan(long delay) => cluster.Scheduler.After(delay, () =>
    {
        if (cluster.IsQuiet)
        {
            return;
        }

        if (cluster.Checkers.Reign.Serving is { } leader)
        {
            Strikes++;
            Strike(leader);
            Plan(dice.Between(Period * 3 / 4, Period * 5 / 4));
        }
        else
        {
            Plan(Scheduler.Second / 10);
        }
    });

    private void Strike(Incarnation leader)
    {
        switch (dice.Next(5))
        {
            case 0:
                leader.Host.Crash("hunted");
                break;
            case 1:
                Pause(leader, clockStands: false);
                break;
            case 2:
                Pause(leader, clockStands: true);
                break;
            case 3:
                CutOff(leader);
                break;
            default:
                Transfer(leader);
                break;
        }
    }

    private void Pause(Incarnation leader, bool clockStands)
    {
        var until = cluster.Scheduler.Now + DrawAbsence();
        cluster.Say("fault", $"{leader.Host.Name} is paused until {until}{(clockStands ? ", its clock too" : "")}");
        leader.Host.PausedUntil = until;
        if (clockStands)
        {
            leader.Clock.StandUntil(until);
        }
    }

    private void CutOff(Incarnation leader)
    {
        var id = leader.Host.Id;
        cluster.Say("fault", $"{leader.Host.Name} is cut off");
        var others = cluster.Members.Where(member => member.Id != id);
        cluster.Network.Cut([.. others.SelectMany(other => new[] { (id, other.Id), (other.Id, id) })], DrawAbsence());
    }

    private void Transfer(Incarnation leader)
    {
        var others = leader.Raft.Configuration.Voters.Where(voter => voter.Value != leader.Host.Id).ToArray();
        var to = dice.Pick(others);
        cluster.Say("fault", $"{leader.Host.Name} hands over to m{to.Value}");
        Transfers.Ask(cluster, leader, to.Value);
    }

    /// <summary>Mostly long enough that the others elect a leader meanwhile.</summary>
    private long DrawAbsence() => dice.Between(ElectionTimeout, 5 * ElectionTimeout);
}
