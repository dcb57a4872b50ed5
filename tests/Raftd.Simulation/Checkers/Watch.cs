using Raftd.Simulation.Members;
using Raftd.Store;
using Raftd.Store.Buckets;

namespace Raftd.Simulation.Checkers;

/// <summary>The checkers, and what they are told. They share no code with what they check.</summary>
internal sealed class Watch
{
    private readonly LeaderChecker _leaders;
    private readonly LogChecker _log;

    public Watch(Cluster cluster)
    {
        History = new HistoryChecker();
        Reign = new Reign(cluster);
        Leases = new LeaseChecker(cluster, Reign);
        Levels = new LevelChecker(cluster);
        _log = new LogChecker(cluster, History, Leases, Levels);
        _leaders = new LeaderChecker(_log);
        Bounds = new BoundsChecker(cluster);
    }

    public VoteChecker Votes { get; } = new();

    public LevelChecker Levels { get; }

    public HistoryChecker History { get; }

    public LeaseChecker Leases { get; }

    public Reign Reign { get; }

    public BoundsChecker Bounds { get; }

    /// <summary>Entries that are known to be committed.</summary>
    public ulong KnownCommitted => _log.LastIndex;

    public StateMachine WithoutCompactions(IStateDirectory directory) => _log.WithoutCompactions(directory);

    public void Started(Incarnation member)
    {
        Votes.Started(member);
        _log.Started(member);
        Levels.Look(member);
    }

    public void BecameLeader(SimulatedMember member, ulong term) => _leaders.BecameLeader(member, term);

    public void Stepped(Incarnation member) => _leaders.Stepped(member);

    public void Applied(Incarnation member, ulong index)
    {
        _log.Applied(member, index);
        Levels.Look(member);
    }
}
