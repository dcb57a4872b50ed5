using Raftd.Node.Membership;
using Raftd.Raft;

namespace Raftd.Simulation.Faults;

/// <summary>The administrator: adds members as learners, which the leader promotes, and removes some. What MembershipKeeper
/// proposes for a join and a removal is proposed here; a newcomer starts when its configuration is committed.</summary>
/// <remarks>Fair: at most one change at a time (the core refuses more), never fewer than two voters, never more than seven
/// members, and the disk of a removed member is never used again.</remarks>
internal sealed class Membership(Cluster cluster, Dice dice)
{
    private const int MaxMembers = 7;
    private const long MeanPause = Scheduler.Second;

    private MemberTable _committed = MemberTable.Empty;

    public static MemberInfo Info(ulong id) => new()
    {
        Id = id,
        Label = $"m{id}",
        HttpAddress = $"m{id}:80",
        PeerAddress = $"m{id}:81",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };

    public void Start() => cluster.Scheduler.After(dice.Exponential(MeanPause), Change);

    public int Voters { get; private set; }

    /// <summary>The members of the newest committed configuration.</summary>
    public bool IsMember(ulong id) => _committed.Find(id) is not null;

    /// <summary>From the checker: an entry applied for the first time anywhere is a configuration.</summary>
    public void Committed(Configuration configuration)
    {
        var before = _committed;
        _committed = MemberTable.Decode(configuration.Context.Span);
        Voters = configuration.Voters.Length;
        cluster.Say("admin", $"committed: {configuration}");
        foreach (var info in _committed.Members.Where(info => cluster.Find(info.Id) is null))
        {
            var member = cluster.Add(info.Id, founding: null, _committed);
            cluster.Scheduler.After(dice.Exponential(Scheduler.Second / 5), member.Start);
        }

        foreach (var gone in before.Members.Where(info => !IsMember(info.Id)))
        {
            // It may not have heard of it, and runs on for a while.
            cluster.Scheduler.After(dice.Exponential(3 * Scheduler.Second), () => Retire(gone.Id));
        }
    }

    /// <summary>A leader refused its stream: it was removed, and stops.</summary>
    public void ToldItWasRemoved(ulong id)
    {
        SafetyViolationException.Require(!IsMember(id), $"m{id} is told that it was removed, but it was not");
        cluster.Scheduler.After(dice.Exponential(Scheduler.Second), () => Retire(id));
    }

    /// <summary>The leader is asked to go.</summary>
    public void RemoveLeader()
    {
        if (cluster.Leader is { } leader && leader.Host.PausedUntil <= cluster.Scheduler.Now)
        {
            leader.Run(10, () => Propose(leader, (now, table) => Without(leader.Raft.Id, now, table)));
        }
    }

    private void Retire(ulong id)
    {
        if (cluster.Find(id) is { IsRetired: false } member)
        {
            member.Retire();
        }
    }

    private void Change()
    {
        if (cluster.IsQuiet)
        {
            return;
        }

        // Every member that takes itself for the leader is asked: one that was deposed may not do harm.
        foreach (var leader in cluster.RunningMembers.Where(member => member.Raft.Role == RaftRole.Leader))
        {
            if (leader.Host.PausedUntil <= cluster.Scheduler.Now)
            {
                leader.Run(10, () => Propose(leader, AnyOther));
            }
        }

        Start();
    }

    private void Propose(Members.Incarnation leader, Func<Configuration, MemberTable, Configuration?> change) => leader.Replica.Ask(raft =>
    {
        var now = raft.Configuration;
        var table = MemberTable.Decode(now.Context.Span);
        if (change(now, table) is { } next)
        {
            var (result, _) = leader.Replica.ProposeConfiguration(next);
            cluster.Say("admin", $"m{raft.Id.Value}: {now} to {next}: {result}");
        }
    });

    private Configuration? AnyOther(Configuration now, MemberTable table) => dice.Chance(0.6) && cluster.Members.Count < MaxMembers
        ? WithLearner(now, table)
        : Without(new NodeId(dice.Pick(table.Members).Id), now, table);

    private Configuration WithLearner(Configuration now, MemberTable table)
    {
        var id = Math.Max(cluster.Members.Max(member => member.Id), table.Members.Max(info => info.Id)) + 1;
        var info = Info(id) with { PromoteWhenCaughtUp = true };
        return new Configuration(now.Voters, now.Learners.Append(new NodeId(id)), table.With(info).Encode());
    }

    private static Configuration? Without(NodeId id, Configuration now, MemberTable table)
    {
        var voters = now.Voters.Where(voter => voter != id).ToArray();
        return voters.Length < 2
            ? null
            : new Configuration(voters, now.Learners.Where(learner => learner != id), table.Without(id.Value).Encode());
    }
}
