// What may go wrong, and the rules of fairness: with any mix of these the members must stay safe, and once it is over the
// cluster must serve again by itself.
//
//   - A crash may lose, of each file, any of the 512-byte sectors and any of the names that were not synced, and of the
//     state the transaction that was not committed. What was synced stays as it is, but for this:
//   - The last record of a log may be damaged by a crash although it was synced, which cannot be told from a torn tail;
//     or a bit flips anywhere in a log. On one member at a time: it must be whole again before another loses its own;
//     never on a cluster of one voter. A member that finds its log rotten stops; an operator brings the bytes back.
//   - A pair of a state may change or be gone, or a disk be empty, on so few members that the others are a majority; they are
//     replaced by new ones before the next (Replacement). Until then no crash leaves a torn tail: with a voter gone for good,
//     one more that may not vote can be one too many. Never beside a damaged log, or an administrator that removes members.
//   - Any number of members may crash, and all at once: nothing acknowledged rests on anything unsynced.
//   - A failed call is told to the member, which must stop or do without; what it had not synced may be gone.
//   - A full disk takes no new file and no new length; what is allocated can still be written. It has room again later.
//   - Messages may be lost, late, doubled, out of order and repeated, but not altered: the streams below have checksums.
//     A snapshot's chunks keep their order; their stream may end at any of them.
//   - The rates of clocks differ by at most Swarm.ClockSkew from the scheduler's. A pause stops a member's clockwork, and
//     its clock where a whole machine is stopped. A member that starts anew begins its clock anywhere.
//   - Of LeaseReads, see RaftOptions: no pauses of any kind, and rates that differ by less than a quarter.
//   - Builds of two feature levels run side by side; a newcomer's is the newer one, and no member goes back to the older one
//     once some member shows that the level has risen. One that stops because it is too old is upgraded. In the quiet phase
//     all are, and the level must rise.
//   - A member removed from the configuration does not come back with its disk (Membership).
//   - In the quiet phase at the end nothing goes wrong any more; rates, speeds and sizes stay.

using Raftd.Simulation.Members;

namespace Raftd.Simulation.Faults;

/// <summary>Strikes at random moments with what this seed may strike with.</summary>
internal sealed class Nemesis
{
    private readonly Cluster _cluster;
    private readonly Dice _dice;
    private readonly Dictionary<FaultKind, Action<SimulatedMember>> _faults = [];

    public Nemesis(Cluster cluster, Dice dice)
    {
        _cluster = cluster;
        _dice = dice;
        FaultGroup[] groups =
        [
            new ProcessFaults(cluster, dice.Fork()),
            new DiskFaults(cluster, dice.Fork()),
            new NetworkFaults(cluster, dice.Fork()),
            new PeopleFaults(cluster, dice.Fork()),
        ];
        foreach (var (kind, fault) in groups.SelectMany(group => group.Table()))
        {
            _faults.Add(kind, fault);
        }
    }

    public int Count { get; private set; }

    public void Start()
    {
        if (_cluster.Swarm.Faults.Count > 0)
        {
            Plan();
        }
    }

    /// <summary>Mends everything and starts all members.</summary>
    public void Stop()
    {
        _cluster.IsQuiet = true;
        _cluster.Network.MendAll();
        foreach (var member in _cluster.Members)
        {
            member.Mend();
            if (_cluster.Swarm.Upgrades && member.KnownLevel < SimulatedMember.NewestLevel)
            {
                member.Install(SimulatedMember.NewestLevel);
            }

            member.Start();
        }

        _cluster.Replacement.LookForDamage();
    }

    private void Plan() => _cluster.Scheduler.After(1 + _dice.Exponential(_cluster.Swarm.FaultMeanMilliseconds * Scheduler.Millisecond), () =>
    {
        if (!_cluster.IsQuiet)
        {
            Strike(_dice.Pick(_cluster.Swarm.Faults));
            Plan();
        }
    });

    private void Strike(FaultKind kind)
    {
        Count++;
        var victim = _dice.Pick(_cluster.Members.Where(member => !member.IsRetired).ToArray());
        _cluster.Say("fault", $"{kind} {victim.Name}");
        _faults[kind](victim);
    }
}
