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
    private List<Incarnation>? _running;

    public Cluster(Swarm swarm, Dice dice, Trace trace)
    {
        Swarm = swarm;
        _dice = dice;
        Trace = trace;
        Network = new SimulatedNetwork(this, dice.Fork());
        Checkers = new Watch(this);
        Membership = new Membership(this, dice.Fork());
        Ambush = new Ambush(this, dice.Fork());
        Replacement = new Replacement(this);
        Straggler = new Straggler(this);
    }

    public Scheduler Scheduler { get; } = new();

    public Swarm Swarm { get; }

    public Trace Trace { get; }

    public SimulatedNetwork Network { get; }

    public Watch Checkers { get; }

    public Membership Membership { get; }

    public Ambush Ambush { get; }

    public Replacement Replacement { get; }

    public Straggler Straggler { get; }

    /// <summary>The faults are over.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>Until then clients ask without a pause.</summary>
    public long RushUntil { get; set; }

    /// <summary>Ordered by id; those switched off for good are among them.</summary>
    public IReadOnlyCollection<SimulatedMember> Members => _members.Values;

    /// <summary>Ordered by id. A new list after each start and end: one that is gone through stays as it is.</summary>
    public List<Incarnation> RunningMembers => _running
        ??= [.. _members.Values.Where(member => member.Running is not null).Select(member => member.Running!)];

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
    public Incarnation? Leader
    {
        get
        {
            Incarnation? leader = null;
            foreach (var member in RunningMembers)
            {
                if (member.Raft.Role == RaftRole.Leader && (leader is null || member.Raft.Term > leader.Raft.Term))
                {
                    leader = member;
                }
            }

            return leader;
        }
    }

    /// <summary>A member has been started or has ended.</summary>
    public void RunningChanged() => _running = null;

    /// <summary>All directed links, those of members that are off among them.</summary>
    public IEnumerable<(ulong From, ulong To)> Links() =>
        from one in _members.Keys from other in _members.Keys where one != other select (one, other);

    /// <summary>After each step: the checkers look, and who waits for this member sees whether it has answered.</summary>
    public void Observe(Incarnation member)
    {
        Checkers.Stepped(member);
        Straggler.Look(member);
        if (member.Waiting.Count > 0)
        {
            member.Waiting.RemoveAll(static waiting => waiting.TryEnd());
        }
    }

    public void Ended(Incarnation member)
    {
        Network.Ended(member);
        foreach (var waiting in member.Waiting)
        {
            waiting.Lost();
        }

        member.Waiting.Clear();
    }

    public void Say(string who, string what) => Trace.Line(Scheduler.Now, who, what);
}
