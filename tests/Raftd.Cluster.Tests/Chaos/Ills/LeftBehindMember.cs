using Raftd.Cluster.Tests.Chaos.Watching;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>A member is cut off, or stands still, or is dead, until the log of the others does not have any more what it lacks: it
/// gets a snapshot. Those that watch at it hang on meanwhile, unless it is dead.</summary>
internal sealed class LeftBehindMember(WiredCluster wired, WatchedLoad load) : Ill
{
    // Of 1.2 MB each: more than the 8 MiB of entries that a leader keeps in memory, beside a log that keeps next to nothing.
    private const int LargeWrites = 10;
    private const int MostStrikes = 5;

    public override async Task StrikeAsync(Havoc havoc)
    {
        for (var strikes = 0; !await TryStrikeAsync(havoc); strikes++)
        {
            Assert.True(strikes < MostStrikes, $"{strikes} members were left behind, and none of them got a snapshot");
        }
    }

    /// <returns>Whether it got a snapshot. It gets none if the leader changes meanwhile: a new one keeps its log for all.</returns>
    private async Task<bool> TryStrikeAsync(Havoc havoc)
    {
        var leader = await havoc.Cluster.LeaderAsync();
        var victim = await havoc.Cluster.FollowerAsync();
        var comeBack = await RemoveAsync(victim, havoc.Random.Next(3));
        var before = victim.IsRunning ? SnapshotsOf(victim) : 0;
        try
        {
            await load.WriteLargeOnesAsync(LargeWrites, Havoc.Limit);
        }
        finally
        {
            comeBack();
        }

        var goal = (await leader.StatusAsync()).AppliedIndex;
        await havoc.Cluster.ReadyAsync();
        await Until.TrueAsync($"{victim.Label} has caught up", Havoc.Limit, async () => (await victim.StatusAsync()).AppliedIndex >= goal);
        return SnapshotsOf(victim) > before;
    }

    /// <returns>Undoes it.</returns>
    private async Task<Action> RemoveAsync(Member victim, int how)
    {
        switch (how)
        {
            case 0:
                victim.Signal(Signal.Stop);
                return () => victim.Signal(Signal.Continue);
            case 1:
                wired.SetAround(victim, Link.Severed);
                return wired.Heal;
            default:
                await victim.KillAsync();
                return () => victim.Start();
        }
    }

    private static int SnapshotsOf(Member member) => member.Log.Split("SnapshotInstalled(1115)").Length - 1;
}
