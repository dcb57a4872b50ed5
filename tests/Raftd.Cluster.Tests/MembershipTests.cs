using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>Members that lost their directory, and members that come through a snapshot.</summary>
public sealed class MembershipTests : ClusterTest
{
    private const int IdentityRefused = 13;
    private const int FoundingRefused = 14;

    // The log keeps next to nothing, so a member that starts from scratch needs a snapshot.
    private static readonly string[] TinyLog =
        ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "2MiB", "-wal-retention-bytes", "0", "-flush-interval", "20ms"];

    [Fact]
    public async Task Member_WipedAndRemoved_ComesBackThroughASnapshot()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        var wiped = cluster[2];
        var old = (await wiped.StatusAsync()).MemberId;
        await using var load = new Load([cluster[0], cluster[1]], writers: 8, valueBytes: 30_000);
        await load.MoreAsync(100);
        await wiped.KillAsync();
        Directory.Delete(wiped.DataDirectory, recursive: true);

        wiped.Start();
        Assert.Equal(IdentityRefused, await wiped.EndAsync());
        var another = $"({cluster[0].Address}|{cluster[1].Address})";
        Assert.Matches($"^raftd: .*node03.*: .*curl -X DELETE http://{another}/members/node03 ", wiped.LastLine);
        Assert.Equal(IdentityRefused, await wiped.Start().EndAsync());

        var removal = await Scene.ShellAsync($"curl -sS -f -X DELETE {cluster[1].Address}/members/node03");
        Assert.True(removal.Code == 0, removal.ToString());
        await load.MoreAsync(300);
        wiped.Start();
        await cluster.ReadyAsync();
        await Until.TrueAsync("it has installed a snapshot", TimeSpan.FromSeconds(30), () =>
            wiped.Log.Contains("SnapshotInstalled(1115)", StringComparison.Ordinal));
        Assert.False(string.Equals(old, (await wiped.StatusAsync()).MemberId, StringComparison.Ordinal), "a member's number is never used again");

        await load.MoreAsync(50);
        await load.VerifyAsync(cluster.Members);
        await cluster.SameStateAsync();

        // What came by snapshot is as durable as what was written here.
        await wiped.KillAsync();
        wiped.Start();
        await cluster.ReadyAsync();
        await load.VerifyAsync(wiped);
        await cluster.SameStateAsync();
    }

    [Fact]
    public async Task WipedFounder_FoundsNothing_WithItsFirstCommandLine()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var founder = cluster[0];
        Assert.Equal(200, (await founder.PutAsync("/key/k", "v")).Status);
        await founder.KillAsync();
        Directory.Delete(founder.DataDirectory, recursive: true);

        founder.Start();
        Assert.Equal(FoundingRefused, await founder.EndAsync());
        Assert.Matches("^raftd: .*not founding a second cluster.*: .*-join", founder.LastLine);
        Assert.False(Directory.Exists(Path.Combine(founder.DataDirectory, "wal")));
        Assert.Equal("v", (await cluster[1].GetAsync("/key/k")).Text);

        // What the line tells the operator to do, done.
        Assert.Equal(200, (await cluster[1].SendAsync(HttpMethod.Delete, "/members/node01")).Status);
        founder.Join = cluster[1].Address;
        founder.Start();
        await cluster.ReadyAsync();
        Assert.Equal("v", (await founder.GetAsync("/key/k?level=stale")).Text);
        await cluster.SameStateAsync();
    }

    [Fact]
    public async Task RemovedMember_Ends_AndTheOthersGoOn()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var removed = await cluster.FollowerAsync();
        var others = cluster.Except(removed).ToArray();
        Assert.Equal(200, (await others[0].SendAsync(HttpMethod.Delete, $"/members/{removed.Label}")).Status);
        Assert.Equal(IdentityRefused, await removed.EndAsync());
        Assert.StartsWith("raftd: ", removed.LastLine, StringComparison.Ordinal);

        // Its old directory does not bring it back.
        Assert.Equal(IdentityRefused, await removed.Start().EndAsync());

        cluster.Members.Remove(removed);
        await using var load = new Load(cluster.Members);
        await load.MoreAsync(50);
        await load.VerifyAsync(cluster.Members);
        Assert.Equal(0, load.Failed);
    }

    [Fact]
    public async Task RemovedLeader_LeavesACluster_ThatElectsAndWrites()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var leader = await cluster.LeaderAsync();
        var others = cluster.Except(leader).ToArray();
        Assert.Equal(200, (await others[0].SendAsync(HttpMethod.Delete, $"/members/{leader.Label}")).Status);
        Assert.Equal(IdentityRefused, await leader.EndAsync());
        cluster.Members.Remove(leader);
        await cluster.ReadyAsync();
        Assert.Equal(200, (await others[1].PutAsync("/key/after", "x")).Status);
    }

    [Fact]
    public async Task Follower_BehindTheLog_CatchesUpThroughASnapshot()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, TinyLog);
        var behind = await cluster.FollowerAsync();
        var others = cluster.Except(behind).ToArray();
        Assert.Equal(200, (await behind.PutAsync("/key/deleted-meanwhile", "x")).Status);
        await behind.KillAsync();
        await using var load = new Load(others, writers: 8, valueBytes: 30_000);
        await load.MoreAsync(400);
        Assert.Equal(200, (await others[0].SendAsync(HttpMethod.Delete, "/key/deleted-meanwhile")).Status);

        behind.Start();
        await cluster.ReadyAsync();
        await Until.TrueAsync("it has installed a snapshot", TimeSpan.FromSeconds(30), () =>
            behind.Log.Contains("SnapshotInstalled(1115)", StringComparison.Ordinal));
        await load.VerifyAsync(behind);
        Assert.Equal(404, (await behind.GetAsync("/key/deleted-meanwhile")).Status);
        await cluster.SameStateAsync();
    }
}
