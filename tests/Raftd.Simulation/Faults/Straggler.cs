// A vote that only the restart of the log behind a snapshot could lose: with each commit the vote is written once more, so
// it takes a crash in the moment between the restart and the next commit, of a member that has voted in this very term. So
// that it happens at all:
//
//   1. The victim is cut off, and clients write without a pause, until it needs a snapshot.
//   2. It comes back, and the leader crashes: the victim votes for the next one, which sends the snapshot.
//   3. When that has restarted its log, the victim crashes.

using Raftd.Simulation.Members;
using Raftd.Testing.Disks;

namespace Raftd.Simulation.Faults;

/// <summary>Sees to one victim at a time.</summary>
internal sealed class Straggler(Cluster cluster)
{
    private const long Beat = Scheduler.Second / 20;
    private const long Patience = 20 * Scheduler.Second;

    private SimulatedMember? _heldBack;

    // Crashes when its log begins behind that index.
    private SimulatedMember? _awaited;
    private ulong _endOfLog;

    public void HoldBack(SimulatedMember victim)
    {
        // By itself a member falls behind no other, and clients would write without a pause for nothing.
        if (_heldBack is null && cluster.Membership.Voters > 1)
        {
            _heldBack = victim;
            HoldBack(cluster.Scheduler.Now + Patience);
        }
    }

    /// <summary>A member has done something.</summary>
    public void Look(Incarnation member)
    {
        if (_awaited == member.Host && member.Parts.Wal.FirstIndex > _endOfLog + 1 && !cluster.IsQuiet)
        {
            _awaited = null;
            cluster.Scheduler.After(0, () =>
            {
                if (member.IsAlive)
                {
                    member.Host.Crash("its log begins anew behind a snapshot", CrashLoss.Everything);
                }
            });
        }
    }

    private void HoldBack(long until)
    {
        var victim = _heldBack!;
        if (cluster.IsQuiet || victim.IsRetired || cluster.Scheduler.Now > until)
        {
            _heldBack = null;
            return;
        }

        if (cluster.Leader is { } leader && victim.Running is { } follower && leader.Parts.Wal.FirstIndex > follower.Parts.Wal.LastIndex + 1)
        {
            (_awaited, _endOfLog) = (victim, follower.Parts.Wal.LastIndex);
            _heldBack = null;
            leader.Host.Crash($"{victim.Name} has fallen behind");
            return;
        }

        cluster.RushUntil = Math.Max(cluster.RushUntil, cluster.Scheduler.Now + Beat);
        cluster.Network.Cut(
            [.. cluster.Links().Where(link => link.From == victim.Id || link.To == victim.Id)], Beat + (Beat / 2));
        cluster.Scheduler.After(Beat, () => HoldBack(until));
    }
}
