using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>Members that do not hear each other, or badly: what must not happen then. Needs root, for the namespaces of the
/// members.</summary>
public sealed class NetworkTests : ClusterTest
{
    // Five election timeouts.
    private static readonly TimeSpan LongCut = TimeSpan.FromSeconds(5);

    // Its request ends after 2 s; the rest is for a busy machine.
    private static readonly string[] HastyRequests = [.. TestCluster.SmallFiles, "-request-timeout", "2s"];
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(8);

    // It keeps next to nothing, so a member that was away needs a snapshot.
    private static readonly string[] TinyLog =
        ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "2MiB", "-wal-retention-bytes", "0", "-flush-interval", "20ms"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly int[] NotNow = [503, 504];

    [Fact]
    public async Task FollowerCutOff_ComesBack_WithoutAnElection()
    {
        var wired = await StartAsync();
        var follower = await wired.Members.FollowerAsync();
        var leader = await wired.Members.LeaderAsync();
        var term = (await leader.StatusAsync()).Term;
        wired.SetAround(follower, Link.Severed);
        await Task.Delay(LongCut, TestContext.Current.CancellationToken);

        // It is alive, and should not be asked anything.
        Assert.Equal(503, (await follower.GetAsync("/readyz")).Status);
        Assert.Equal(200, (await follower.GetAsync("/livez")).Status);
        Assert.Equal(200, (await leader.PutAsync("/key/k", "meanwhile")).Status);

        wired.Heal();
        await Until.TrueAsync("it has what it missed", Limit, async () => (await follower.GetAsync("/key/k?level=stale")).Text == "meanwhile");
        Assert.Same(leader, await wired.Members.ReadyAsync());
        Assert.Equal(term, (await leader.StatusAsync()).Term);
        await wired.Members.SameStateAsync();
    }

    [Fact]
    public async Task FollowerThatHearsNotTheLeaderButAnother_BringsNoElection_AndItsClientsAreAnswered()
    {
        var wired = await StartAsync(HastyRequests);
        var follower = await wired.Members.FollowerAsync();
        var leader = await wired.Members.LeaderAsync();
        var term = (await leader.StatusAsync()).Term;
        wired.SetBetween(leader, follower, Link.Severed);

        // What was on its way to the leader when the cable was cut, and what comes when the follower knows no leader.
        Assert.Contains((await follower.SendAsync(HttpMethod.Put, "/key/k", [1], AnswerLimit)).Status, NotNow);
        await Until.TrueAsync("it knows no leader", Limit, async () => (await follower.StatusAsync()).Leader == "0");
        Assert.Contains((await follower.SendAsync(HttpMethod.Put, "/key/k", [1], AnswerLimit)).Status, NotNow);

        Assert.Equal(200, (await leader.PutAsync("/key/k", "new")).Status);
        Assert.Equal(term, (await leader.StatusAsync()).Term);
        wired.Heal();
        Assert.Same(leader, await wired.Members.ReadyAsync());
        Assert.Equal(term, (await leader.StatusAsync()).Term);
        Assert.Equal("new", (await follower.GetAsync("/key/k")).Text);
        await wired.Members.SameStateAsync();
    }

    [Fact]
    public async Task TransferToAMemberThatIsCutOff_IsGivenUp_AndTheLeaderGoesOn()
    {
        var wired = await StartAsync();
        var follower = await wired.Members.FollowerAsync();
        var leader = await wired.Members.LeaderAsync();
        wired.SetAround(follower, Link.Severed);
        var transfer = leader.SendAsync(HttpMethod.Post, $"/leader/transfer?to={follower.Label}", limit: AnswerLimit);
        var write = leader.SendAsync(HttpMethod.Put, "/key/k", [1], AnswerLimit);
        var answer = await transfer;
        Assert.Equal("unknown_outcome", answer.Code);
        Assert.Contains((await write).Status, (int[])[200, .. NotNow]);
        await Until.TrueAsync("it takes writes", Limit, async () => (await leader.PutAsync("/key/k", "new")).Status == 200);
        wired.Heal();
        await wired.Members.ReadyAsync();
        await wired.Members.SameStateAsync();
    }

    [Fact]
    public async Task SnapshotOverABadWire_ThatIsCutMeanwhile_Arrives()
    {
        var wired = await StartAsync(TinyLog);
        var behind = await wired.Members.FollowerAsync();
        await behind.KillAsync();
        await using var load = new Load([.. wired.Members.Except(behind)], writers: 8, valueBytes: 30_000);
        await load.MoreAsync(400);
        await load.StopAsync();

        wired.SetAround(behind, new Link { Loss = 0.02, Doubled = 0.1, Delay = TimeSpan.FromMilliseconds(10), Jitter = TimeSpan.FromMilliseconds(10) });
        var before = wired.Wire.Forwarded;
        behind.Start();
        await Until.TrueAsync("a part of it is sent", Limit, () => wired.Wire.Forwarded > before + 2000);
        wired.SetAround(behind, Link.Severed);
        await Task.Delay(LongCut, TestContext.Current.CancellationToken);
        Assert.DoesNotContain("SnapshotInstalled(1115)", behind.Log, StringComparison.Ordinal);
        wired.Heal();

        await wired.Members.ReadyAsync();
        await Until.TrueAsync("it has installed a snapshot, and gone on with the one that was cut", Limit, () =>
            behind.Log.Contains("SnapshotInstalled(1115)", StringComparison.Ordinal)
            && behind.Log.Contains("SnapshotResuming(1122)", StringComparison.Ordinal));
        await load.VerifyAsync(behind);
        await wired.Members.SameStateAsync();
    }

    private Task<WiredCluster> StartAsync(params string[] flags)
    {
        Print($"seed {Seed.Value}");
        return WiredCluster.StartAsync(Scene, 3, Seed.Value, flags);
    }
}
