using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.Store.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Simulation.Faults;

/// <summary>The operator of members whose state is damaged or whose disk is empty, who does what docs/operations.md says: the
/// member is removed from the cluster, its disk is never used again, and a new one joins in its place, with an id of its own.
/// </summary>
/// <remarks>
/// Fair: so many members are damaged at once that the sound voters are a majority, and the next one is only once those
/// before are replaced. So no other voter may be away for good meanwhile: none whose log is damaged (DiskFaults), and none
/// that an administrator removes, so seeds with an administrator have no damage of this sort.
/// </remarks>
internal sealed class Replacement(Cluster cluster)
{
    private const long Beat = Scheduler.Second / 5;

    // Members to be replaced, the ids of those that take their places behind them; 0 before one was set up.
    private readonly SortedDictionary<ulong, ulong> _successors = [];
    private long _askedAt = -Scheduler.Second;

    /// <summary>Members replaced so far.</summary>
    public int Count { get; private set; }

    /// <summary>Nothing is damaged, and no member is to be replaced.</summary>
    public bool IsDone => _successors.Count == 0 && !cluster.Members.Any(IsDamaged);

    public void Start() => cluster.Scheduler.After(Beat, () =>
    {
        GoOn();
        Start();
    });

    /// <summary>One more may be damaged: the rest of the voters is a majority, and none but the damaged is away for good.</summary>
    public bool MayDamage(SimulatedMember victim) => !cluster.Swarm.ChangesMembership
        && !cluster.Swarm.Faults.Contains(FaultKind.RemoveLeader)
        && cluster.Membership.IsMember(victim.Id)
        && !IsDamaged(victim)
        && cluster.Members.Count(member => IsDamaged(member) || _successors.ContainsKey(member.Id)) < (cluster.Membership.Voters - 1) / 2;

    /// <summary>It has ended because of its damage, and would end again.</summary>
    public void Of(SimulatedMember condemned) => _successors[condemned.Id] = 0;

    /// <summary>In the quiet phase: members start on what is damaged, and what no start reads is looked at.</summary>
    public void LookForDamage()
    {
        foreach (var member in cluster.Members.Where(IsDamaged))
        {
            if (member.Running is not null)
            {
                member.Crash("its operator looks for damage", CrashLoss.Nothing);
            }

            cluster.Scheduler.After(Scheduler.Second, () => Audit(member));
        }
    }

    private static bool IsDamaged(SimulatedMember member) =>
        !member.IsRetired && (member.Disk.HasDamagedState || member.Founder is not null);

    /// <summary>Damage that neither the start nor this finds is in what a compaction has let go of.</summary>
    private void Audit(SimulatedMember member)
    {
        if (member.IsRetired || member.IsCondemned)
        {
            return;
        }

        if (member.Running is not { } running)
        {
            cluster.Scheduler.After(Scheduler.Second, () => Audit(member));
            return;
        }

        try
        {
            if (running.Parts.State.Audit() is { } difference)
            {
                throw new BucketStoreException(BucketStoreFault.Corrupt, difference);
            }

            member.Disk.AcceptState();
        }
        catch (BucketStoreException damage) when (damage.Fault == BucketStoreFault.Corrupt)
        {
            member.Condemn(damage);
        }
    }

    /// <summary>One member after the other: first the old one goes, then a new one joins.</summary>
    private void GoOn()
    {
        foreach (var (gone, successor) in _successors.Where(pair => HasTakenOver(pair.Key, pair.Value)).ToArray())
        {
            cluster.Say("admin", $"m{successor} has taken the place of m{gone}");
            _successors.Remove(gone);
            Count++;
        }

        if (_successors.Count == 0)
        {
            return;
        }

        var (next, itsSuccessor) = _successors.First();
        if (cluster.Membership.IsMember(next))
        {
            RemoveAgain(next);
        }
        else if (itsSuccessor == 0)
        {
            _successors[next] = cluster.Membership.SetUp();
        }
    }

    private void RemoveAgain(ulong id)
    {
        if (_askedAt + Scheduler.Second <= cluster.Scheduler.Now)
        {
            _askedAt = cluster.Scheduler.Now;
            cluster.Membership.Remove(id);
        }
    }

    /// <summary>It votes; or it is to be replaced itself, which is the same place.</summary>
    private bool HasTakenOver(ulong gone, ulong successor) => !cluster.Membership.IsMember(gone)
        && (_successors.ContainsKey(successor) || IsVoter(successor));

    private bool IsVoter(ulong id) => cluster.Find(id)?.Running is { } running
        && running.Raft.Configuration.IsVoter(new NodeId(id))
        && running.Raft.ConfigurationIndex <= running.Raft.Commit;
}
