using System.Diagnostics;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>The drill of docs/operations.md: a backup of a cluster under load, all of its members lost, a new cluster made of the
/// backup.</summary>
public sealed class BackupDrillTests : ClusterTest
{
    private const int WritesBefore = 300;

    [Fact]
    public async Task AllMembersLost_TheBackupMakesAClusterWithAllThatWasAcknowledgedBeforeIt()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var before = new Load(cluster.Members);
        await before.MoreAsync(WritesBefore);
        await before.StopAsync();
        await using var during = new Load(cluster.Members, "during");
        await during.MoreAsync(1);

        var backup = Scene.PathOf("backup");
        var follower = await cluster.FollowerAsync();
        Print(await RaftdAsync($"snapshot save {backup} -endpoint http://{follower.Address}"));
        await during.MoreAsync(1);
        await during.StopAsync();
        foreach (var member in cluster.Members)
        {
            await member.KillAsync();
        }

        var started = Stopwatch.GetTimestamp();
        var directory = Scene.PathOf("restored");
        Print(await RaftdAsync($"snapshot restore {backup} {directory} -id restored"));
        var first = Scene.AddMember(new Member(Scene, "restored", TestCluster.SmallFiles, directory)).Start();
        await first.ReadyAsync();
        Member[] others = [.. ((string[])["second", "third"]).Select(label => Scene.AddMember(label, TestCluster.SmallFiles))];
        foreach (var member in others)
        {
            member.Join = first.Address;
            await member.Start().ReadyAsync();
        }

        Print($"restored, with three members, in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        await before.VerifyAsync([first, .. others]);
        await using var after = new Load([first, .. others], "after");
        await after.MoreAsync(WritesBefore);
        await after.VerifyAsync([first, .. others]);
    }
}
