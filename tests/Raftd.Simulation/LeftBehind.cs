// A follower that was cut off for too long catches up while clients write: by one snapshot, however much is written while
// that is on its way, and by the log behind it.
//
// Nothing else goes wrong here, so a second snapshot, before the follower is within what is kept for everyone alike, means
// that the log was let go of under the first: with enough writes that would go on for ever. The way to the follower is
// slow, so that the leader has every chance to let go.

using Raftd.Raft;
using Raftd.Simulation.Members;
using Raftd.Simulation.Network;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation;

internal sealed class LeftBehind(Cluster cluster)
{
    private const long Limit = 60 * Scheduler.Second;

    // Of the stream, by pauses between its chunks, and of each message: two ticks of the log's loop, and a few more.
    private const long StreamTime = 2 * Scheduler.Second;
    private const int DelayTicks = 4;

    public void Run()
    {
        if (cluster.Leader is not { } leader || Follower(leader) is not { } follower || !TryLeaveBehind(leader, follower))
        {
            return;
        }

        var (term, before, left) = (leader.Raft.Term, follower.Installs, follower.Parts.Wal.LastIndex);
        SlowDown(leader, follower);
        Rush(Limit, () => follower.Parts.State.Applied.Index > left);
        Until(StreamTime, () => IsLevel(follower));
        cluster.Network.MendAll();
        Require(
            Until(Limit, () => IsLevel(follower)),
            $"liveness: {follower.Host.Name} does not catch up while clients write, "
            + $"after {follower.Installs - before} snapshots");

        var snapshots = follower.Installs - before;
        Require(
            snapshots <= 1 || cluster.Leader?.Raft.Term != term,
            $"liveness: {follower.Host.Name} needed {snapshots} snapshots to catch up, the log behind the first was not kept");
    }

    private Incarnation? Follower(Incarnation leader) => leader.Raft.Configuration.Voters.Length < 3
        ? null
        : leader.Raft.Configuration.Voters.Where(id => id != leader.Raft.Id).Select(id => cluster.Find(id.Value)?.Running).First();

    /// <summary>Cut off until the leader's log begins behind what the follower has; false where too little is written.</summary>
    private bool TryLeaveBehind(Incarnation leader, Incarnation follower)
    {
        var links = cluster.Links().Where(link => link.From == follower.Host.Id || link.To == follower.Host.Id).ToArray();
        cluster.Network.Cut(links, Limit);
        var isBehind = Rush(Limit, () => leader.Parts.Wal.FirstIndex > follower.Parts.Wal.LastIndex + 1);
        cluster.Network.MendAll();
        return isBehind && leader == cluster.Leader;
    }

    private void SlowDown(Incarnation leader, Incarnation follower)
    {
        var chunks = (leader.Parts.State.StoredSize().InUse / cluster.Swarm.SnapshotChunkBytes) + 4;
        cluster.Network.ChunkPause = StreamTime / chunks;
        var ailment = new Ailment(
            cluster.Scheduler.Now + (2 * Limit), Loss: 0, DelayTicks * cluster.Swarm.HeartbeatMilliseconds * Scheduler.Millisecond);
        cluster.Network.Ail((leader.Host.Id, follower.Host.Id), ailment);
        cluster.Network.Ail((follower.Host.Id, leader.Host.Id), ailment);
    }

    private bool IsLevel(Incarnation follower) => cluster.Leader is { } leader && leader.Raft.Progress.Any(
        peer => peer.Id == follower.Raft.Id && peer.State == ProgressState.Replicate && peer.Match + 1 >= leader.Parts.Log.RetainedFrom);

    /// <summary>Clients ask without a pause until it is so.</summary>
    private bool Rush(long limit, Func<bool> condition)
    {
        cluster.RushUntil = long.MaxValue;
        var held = Until(limit, condition);
        cluster.RushUntil = 0;
        return held;
    }

    private bool Until(long limit, Func<bool> condition) => cluster.Scheduler.RunUntil(cluster.Scheduler.Now + limit, condition);
}
