// What must not grow: a member that is cut off, slow or full keeps to its bounds and refuses what clients ask beyond them.
//
// Looked at from outside, by what the log and the state hold, not by the product's own counters.

using Raftd.Raft;
using Raftd.Simulation.Members;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Checkers;

internal sealed class BoundsChecker(Cluster cluster)
{
    private const long Beat = Scheduler.Second / 2;

    private const long Tombstones = 16 << 10;

    // The largest command: a value, its key, and what the encoding adds.
    private long LargestCommand => cluster.Swarm.MaxValueBytes + 256;

    public void Start() => cluster.Scheduler.After(Beat, () =>
    {
        cluster.RunningMembers.ForEach(Look);
        Start();
    });

    /// <summary>In the quiet phase: what is flushed is let go of, but for what is kept for followers that lag.</summary>
    public bool HasLetGoOfItsLog(Incarnation member) =>
        member.Parts.Wal.SizeBytes <= cluster.Swarm.RetentionBytes + (3L * cluster.Swarm.SegmentBytes) + LargestCommand;

    private void Look(Incarnation member)
    {
        // What is active is frozen as it is, and half of the bound is there for what comes behind it (Applier). Either half
        // may go beyond by what the core hands out at once, and the smallest entry, a deletion of some twenty bytes, takes four
        // times its bytes in memory.
        var (active, frozen) = member.Parts.State.UnflushedBytes;
        var overlay = active + frozen;
        Require(
            overlay <= (SimulatedMember.MaxOverlayBytes * 3 / 2) + (2 * ((4 * SimulatedMember.MaxApplyingBytes) + LargestCommand)),
            $"{member.Host.Name} keeps {overlay} bytes that are not flushed");
        // What is deleted or expires is always let in, and leaves tombstones until the next compaction.
        var logical = member.Parts.State.View().LogicalBytes;
        Require(
            logical <= cluster.Swarm.QuotaBytes + LargestCommand + Tombstones,
            $"{member.Host.Name} has a state of {logical} bytes, the quota is {cluster.Swarm.QuotaBytes}");
        if (member.Raft.Role == RaftRole.Leader)
        {
            LookAtTail(member);
        }
    }

    /// <summary>Of its own term: what it found in its log when it was elected may be more.</summary>
    private void LookAtTail(Incarnation leader)
    {
        var raft = leader.Raft;
        var wal = leader.Parts.Wal;
        var first = Math.Max(raft.Commit + 1, wal.FirstIndex);
        if (first > wal.LastIndex)
        {
            return;
        }

        var bytes = leader.Host.Disk.Files.Peek(() => wal.Read(first, wal.LastIndex + 1, long.MaxValue))
            .Where(entry => entry.Term == raft.Term)
            .Sum(entry => (long)entry.Data.Length);
        Require(
            bytes <= SimulatedMember.MaxUncommittedBytes + LargestCommand,
            $"{leader.Host.Name} has {bytes} bytes that are not committed, up to {wal.LastIndex}");
    }
}
