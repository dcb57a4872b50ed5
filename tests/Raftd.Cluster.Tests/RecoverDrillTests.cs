using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>The drills of docs/operations.md: a machine is gone for good, and the quorum is lost.</summary>
public sealed class RecoverDrillTests : ClusterTest
{
    private const int LossNotAccepted = 5;
    private const int DiskFull = 17;
    private const int Writes = 200;

    [Fact]
    public async Task MachineGone_ItsMemberIsReplacedUnderLoad()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var gone = cluster[2];
        await using var load = new Load([cluster[0], cluster[1]]);
        await load.MoreAsync(Writes);
        await gone.KillAsync();
        Directory.Delete(gone.DataDirectory, recursive: true);
        var at = $"-endpoint http://{cluster[1].Address}";
        Assert.Matches($"node03 +voter +silent +{gone.Address}", await RaftdAsync($"member list {at}"));

        var said = await RaftdAsync($"member replace node03 node04 {at}");
        Assert.Contains($"raftd -id node04 -haddr HOST:PORT -raddr HOST:PORT -join {cluster[0].Address},{cluster[1].Address} DIR", said, StringComparison.Ordinal);
        var replacement = cluster.Add("node04", TestCluster.SmallFiles);
        replacement.Join = $"{cluster[0].Address},{cluster[1].Address}";
        replacement.Start();
        await cluster.ReadyAsync();
        var listed = await RaftdAsync($"member list {at}");
        Assert.Matches("node04 +(voter|leader) +ready ", listed);
        Assert.DoesNotContain("node03", listed, StringComparison.Ordinal);
        await load.MoreAsync(Writes);
        await load.VerifyAsync(cluster[0], cluster[1], replacement);
    }

    /// <summary>Two of three disks are gone. The third has all that was acknowledged, which nothing but this test knows.</summary>
    [Fact]
    public async Task OneOfThreeLeft_ANewClusterIsMadeOfIt_OnceTheLossIsAccepted()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var before = new Load(cluster.Members);
        await before.MoreAsync(Writes);
        await before.StopAsync();
        await cluster.SameStateAsync();
        foreach (var member in cluster.Members)
        {
            await member.KillAsync();
        }

        foreach (var gone in cluster.Except(cluster[1]))
        {
            Directory.Delete(gone.DataDirectory, recursive: true);
        }

        var started = Stopwatch.GetTimestamp();
        var (left, target) = (cluster[1].DataDirectory, Scene.PathOf("recovered"));
        Assert.Contains("MAY BE LOST: of the 3 voters 1 can be counted on", await RaftdAsync($"recover {left}"), StringComparison.Ordinal);
        var refused = await Scene.ShellAsync($"{Checkout.Launcher} recover {left} -to {target}");
        Assert.Equal(LossNotAccepted, refused.Code);
        Assert.Contains("node01, node03", refused.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(target));
        Print(await RaftdAsync($"recover {left} -to {target} -id recovered -accept-loss"));
        var first = await StartAsync(new Member(Scene, "recovered", TestCluster.SmallFiles, target));
        Print($"one of three recovered, and taking writes, in {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");
        await GrowAndVerifyAsync(first, before);
    }

    /// <summary>The members are killed while they write, and the leader's disk is gone, which had all that was acknowledged. The two
    /// others have it between them.</summary>
    [Fact]
    public async Task TwoOfThreeLeft_NothingAcknowledgedIsLost_AndTheOldMembersAreRefused()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var before = new Load(cluster.Members);
        await before.MoreAsync(Writes);
        var leader = await cluster.LeaderAsync();
        await Task.WhenAll(cluster.Members.Select(static member => member.KillAsync()));
        await before.StopAsync();
        Directory.Delete(leader.DataDirectory, recursive: true);
        Member[] left = [.. cluster.Except(leader)];
        var target = Scene.PathOf("recovered");

        // A kill may fall into a write and tear a log, which the command cannot tell from a disk that has lost something.
        var said = await RaftdAsync($"recover {left[0].DataDirectory} {left[1].DataDirectory} -to {target} -id recovered -accept-loss");
        Assert.Matches("nothing that was acknowledged is lost|its end was torn", said);

        // Where a member of the old cluster was, and is called by the other one.
        var first = await StartAsync(new Member(Scene, "recovered", TestCluster.SmallFiles, target)
        {
            HttpPort = left[0].HttpPort,
            RaftPort = left[0].RaftPort,
        });
        left[1].Start();
        await Until.TrueAsync(
            "the old member calls and is refused",
            TimeSpan.FromSeconds(30),
            () => first.Log.Contains("PeerRefused(", StringComparison.Ordinal) && first.Log.Contains("belongs to cluster", StringComparison.Ordinal));
        Assert.NotEqual(200, (await left[1].GetAsync("/readyz")).Status);
        await left[1].KillAsync();
        Assert.Equal(1, (await first.GetAsync("/members")).Json.GetProperty("members").GetArrayLength());
        await GrowAndVerifyAsync(first, before);
    }

    [Fact]
    public async Task FullDisk_SaysSo_AndLeavesNothing()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1);
        await cluster[0].StopAsync();
        var disk = await SmallDisk.MountAsync(Scene, megabytes: 8);
        await disk.FillAsync();
        var refused = await Scene.ShellAsync($"{Checkout.Launcher} recover {cluster[0].DataDirectory} -to {disk.Path}/new");
        Assert.Equal(DiskFull, refused.Code);
        Assert.Contains("free space on its disk", refused.Error, StringComparison.Ordinal);
        disk.MakeRoom();
        Assert.False(Directory.Exists($"{disk.Path}/new") || Directory.Exists($"{disk.Path}/new.restoring"));
        await RaftdAsync($"recover {cluster[0].DataDirectory} -to {disk.Path}/new");
    }

    private async Task<Member> StartAsync(Member member)
    {
        await Scene.AddMember(member).Start().ReadyAsync();
        return member;
    }

    private async Task GrowAndVerifyAsync(Member first, Load before)
    {
        var second = await StartAsync(new Member(Scene, "second", TestCluster.SmallFiles) { Join = first.Address });
        var third = await StartAsync(new Member(Scene, "third", TestCluster.SmallFiles) { Join = first.Address });
        await before.VerifyAsync(first, second, third);
        await using var after = new Load([first, second, third], "after");
        await after.MoreAsync(Writes);
        await after.VerifyAsync(first, second, third);
    }
}
