using Raftd.Node.Membership;
using Raftd.Raft;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Faults;
using Raftd.Simulation.Members;
using Raftd.Simulation.Network;

namespace Raftd.Simulation;

/// <summary>Everything in one simulation that the parts share.</summary>
internal sealed class Cluster
{
    /// <summary>Of the cluster, as snapshots carry it.</summary>
    public const ulong Id = 0xC1;

    private readonly SortedDictionary<ulong, SimulatedMember> _members = [];
    private readonly Dice _dice;

    public Cluster(Swarm swarm, Dice dice, Trace trace)
    {
        Swarm = swarm;
        _dice = dice;
        Trace = trace;
        Network = new SimulatedNetwork(this, dice.Fork());
        Checkers = new Watch(this);
        Membership = new Membership(this, dice.Fork());
        Ambush = new Ambush(this, dice.Fork());
    }

    public Scheduler Scheduler { get; } = new();

    public Swarm Swarm { get; }

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public Watch Checkers { get; }

    public Membership Membership { get; }

    public Ambush Ambush { get; }

    /// <summary>The faults are over.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Ordered by id; those switched off for good are among them.</summary>
    public IReadOnlyCollection<SimulatedMember> Members => _members.Values;

    public List<Incarnation> RunningMembers =>
        [.. _members.Values.Where(member => member.Running is not null).Select(member => member.Running!)];

    public void Found()
    {
        var infos = Enumerable.Range(1, Swarm.Members).Select(number => Membership.Info((ulong)number)).ToArray();
        var table = MemberTable.Of(infos);
        var founding = new Configuration(infos.Select(info => new NodeId(info.Id)), [], table.Encode());
        foreach (var info in infos)
        {
            Add(info.Id, founding, table).Start();
        }
    }

    public SimulatedMember Add(ulong id, Configuration? founding, MemberTable known)
    {
        var member = new SimulatedMember(this, id, founding, known, _dice.Fork());
        _members.Add(id, member);
        return member;
    }

    public SimulatedMember? Find(ulong id) => _members.GetValueOrDefault(id);

    /// <summary>The leader of the highest term, as the members see themselves.</summary>
    public Incarnation? Leader => RunningMembers
        .Where(member => member.Raft.Role == RaftRole.Leader)
        .MaxBy(member => member.Raft.Term);

    /// <summary>After each step: the checkers look, and who waits for this member sees whether it has answered.</summary>
    public void Observe(Incarnation member)
    {
        Checkers.Stepped(member);
        member.Waiting.RemoveAll(static waiting => waiting.TryEnd());
    }

    public void Ended(Incarnation member)
    {
        foreach (var waiting in member.Waiting)
        {
            waiting.Lost();
        }

        member.Waiting.Clear();
    }

    public void Say(string who, string what) => Trace.Line(Scheduler.Now, who, what);
}
