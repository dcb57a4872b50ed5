using System.Diagnostics;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>Fronts in processes of their own over a real database, both of which are killed.</summary>
public sealed class FrontTests : ClusterTest
{
    // Two threads, a few kinds of faults in one outage, and one line a second at the most; there were twenty a second.
    private const int MostFaultLines = 12;

    private static readonly TimeSpan Ttl = TimeSpan.FromSeconds(6);

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task LeadingFrontKilled_AnotherLeads_NothingAcknowledgedIsLost_AndNoLeaseEndsEarly(string engine)
    {
        using var fronts = await StartAsync(engine);
        var first = await fronts.LeaderAsync();
        var others = fronts.Members.Where(front => front != first).ToArray();
        await SeenElsewhereAsync(writer: first, reader: others[0], watcher: others[1]);

        var values = new NumberedValues(fronts.Members, valueBytes: 100);
        await using (var writes = new SteadyWrites(values, bytesPerSecond: 10_000))
        {
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
            var granted = Stopwatch.GetTimestamp();
            var lease = (await others[0].PostAsync($"/lease/grant?ttl={Ttl.TotalSeconds:0}&name=/front")).Text;
            Assert.Equal(200, (await others[0].PutAsync($"/key/leased?lease={lease}", "here")).Status);

            await first.KillAsync();

            var second = await fronts.LeaderAsync();
            Assert.NotEqual(first, second);
            await LivesItsTimeAsync(others[1], granted);
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
            Print($"{writes.Take()}, of a front that was killed among them");
        }

        await first.Start().ReadyAsync();
        foreach (var front in fronts.Members)
        {
            await values.VerifyAsync(front);
        }

        await StopsInOrderAsync(fronts);
        NoPasswordIn(fronts.Members);
    }

    [Fact]
    public async Task FrontThatFollows_HasItsWritesAndRenewalsDoneByTheLeader_AndKnowsTheTimesOfLeases()
    {
        using var fronts = await StartAsync("postgres");
        var leader = await fronts.LeaderAsync();
        foreach (var front in fronts.Members.Where(front => front != leader))
        {
            await Until.TrueAsync("its writes go to the leader", async () =>
            {
                var rows = fronts.RowsOfFollowers();
                Assert.Equal(200, (await front.PutAsync("/key/k", "v")).Status);
                return fronts.RowsOfFollowers() == rows;
            });
        }

        var written = fronts.RowsOfFollowers();
        var lease = (await leader.PostAsync("/lease/grant?ttl=60&name=/asked")).Text;
        foreach (var front in fronts.Members)
        {
            Assert.Equal(200, (await front.PostAsync($"/lease/keepalive/{lease}")).Status);
            Assert.Equal(200, (await front.GetAsync($"/lease/timetolive/{lease}")).Status);
            Assert.Contains("/asked", (await front.GetAsync("/leases")).Text, StringComparison.Ordinal);
        }

        Assert.Equal(written, fronts.RowsOfFollowers());
        await Until.TrueAsync("all are listed with their addresses", async () =>
        {
            var members = (await leader.GetAsync("/members")).Text;
            return fronts.Members.All(front => members.Contains($"{front.PeerHost}:{front.RaftPort}", StringComparison.Ordinal));
        });
    }

    /// <summary>Its connections stay open: what it was sent is unknown, and all else goes on.</summary>
    [Fact]
    public async Task LeadingFrontStopped_OthersTakeWrites_AnotherLeads_AndItFollowsWhenItWakes()
    {
        using var fronts = await StartAsync("postgres");
        var stopped = await fronts.LeaderAsync();
        var old = (await stopped.StatusAsync()).MemberId;
        var others = fronts.Members.Where(front => front != stopped).ToArray();
        var values = new NumberedValues(others, valueBytes: 100);
        await using (var writes = new SteadyWrites(values, bytesPerSecond: 10_000))
        {
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
            var lease = (await others[0].PostAsync("/lease/grant?ttl=60&name=/front")).Text;

            stopped.Signal(Signal.Stop);

            Assert.Equal(200, (await others[1].PostAsync($"/lease/keepalive/{lease}")).Status);
            await Until.TrueAsync("another front leads", TimeSpan.FromSeconds(30), async () => (await others[0].StatusAsync()).Leader != old);
            writes.Take();
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
            stopped.Signal(Signal.Continue);
            await Until.TrueAsync("it follows", TimeSpan.FromSeconds(30), async () => (await stopped.StatusAsync()).Leader != old);
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
            Print($"{writes.Take()}, behind a front that stood still");
        }

        foreach (var front in fronts.Members)
        {
            await values.VerifyAsync(front);
        }
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public async Task DatabaseKilled_FrontsSayNotReady_AndGoOnWithIt(string engine)
    {
        using var fronts = await StartAsync(engine);
        var values = new NumberedValues(fronts.Members, valueBytes: 100);
        await using (var writes = new SteadyWrites(values, bytesPerSecond: 10_000))
        {
            await writes.MoreAsync(TimeSpan.FromSeconds(1));

            fronts.Server.Kill();

            foreach (var front in fronts.Members)
            {
                Assert.Equal(503, (await front.GetAsync("/readyz")).Status);
                Assert.Equal(200, (await front.GetAsync("/livez")).Status);
                Assert.Equal("not_ready", (await front.GetAsync("/key/any")).Code);
                Assert.True(front.IsRunning);
            }

            await StartsAndStopsWithoutItAsync(Scene.AddMember(fronts.Make("late")));
            fronts.Server.Restart();
            await fronts.ReadyAsync();
            await fronts.LeaderAsync();
            writes.Take();
            await writes.MoreAsync(TimeSpan.FromSeconds(1));
        }

        foreach (var front in fronts.Members)
        {
            await values.VerifyAsync(front);
            Assert.Contains("DatabaseAnswers(3008)", front.Log, StringComparison.Ordinal);
            Assert.InRange(front.Log.Split("DatabaseFailed(3001)").Length, 2, MostFaultLines);
        }

        NoPasswordIn(fronts.Members);
    }

    [Theory]
    [InlineData(
        "postgres", "ALTER ROLE front SET synchronous_commit = off", "SET synchronous_commit = on;",
        "password authentication failed for user \"front\"", "No password has been provided")]
    [InlineData(
        "mysql", "SET GLOBAL sync_binlog = 0", "SET GLOBAL sync_binlog = 1;",
        "Access denied for user 'front'@'127.0.0.1' (using password: YES)", "Access denied for user 'front'@'127.0.0.1' (using password: NO)")]
    public async Task DatabaseThatIsNotSafe_OrDoesNotLetItIn_EndsTheStartWithWhatMendsIt(
        string engine, string spoiling, string mending, string wrong, string missing)
    {
        using var fronts = await StartAsync(engine);
        fronts.Server.Execute(spoiling);
        var unsafeFront = fronts.Make("unsafe").Start();
        var stranger = fronts.Make("stranger");
        stranger.Variables = [("RAFTD_STORE_PASSWORD", Fronts.Password + "x")];
        var nameless = fronts.Make("nameless");
        nameless.Variables = [];
        Member[] refused = [Scene.AddMember(unsafeFront), Scene.AddMember(stranger).Start(), Scene.AddMember(nameless).Start()];

        var codes = await Task.WhenAll(refused.Select(static front => front.EndAsync()));

        Assert.All(codes, static code => Assert.Equal(18, code));

        Assert.Contains(mending, unsafeFront.LastLine, StringComparison.Ordinal);
        Assert.Contains(wrong, stranger.LastLine, StringComparison.Ordinal);
        Assert.Contains(missing, nameless.LastLine, StringComparison.Ordinal);
        NoPasswordIn(refused);
    }

    [Fact]
    public async Task Bucket_MadeOnOneFront_IsServedByAll_OutlivesItsLeader_AndIsRemovedFromAll()
    {
        using var fronts = await StartAsync("postgres");
        Assert.Equal(201, (await fronts[0].PutAsync("/buckets/team", "")).Status);
        Assert.Equal(200, (await fronts[1].PutAsync("/b/team/key/a", "here")).Status);
        Assert.Equal("here", (await fronts[2].GetAsync("/b/team/key/a")).Text);
        Assert.Equal(404, (await fronts[2].GetAsync("/key/a")).Status);
        Assert.Equal(200, (await fronts[2].PutAsync("/key/a", "elsewhere")).Status);
        var put = await fronts[2].SendAsync(HttpMethod.Post, "/b/team/v3/kv/put", """{"key":"Yg==","value":"dg=="}"""u8.ToArray());
        Assert.Equal((200, "3"), (put.Status, put.Json.GetProperty("header").GetProperty("revision").GetString()));
        Assert.Equal("v", (await fronts[0].GetAsync("/b/team/key/b")).Text);

        var leader = fronts.Members[await LeaderOfAsync(fronts.Members, "team")];
        var others = fronts.Members.Where(front => front != leader).ToArray();
        var granted = Stopwatch.GetTimestamp();
        var lease = (await others[0].PostAsync($"/b/team/lease/grant?ttl={Ttl.TotalSeconds:0}&name=/front")).Text;
        Assert.Equal(200, (await others[0].PutAsync($"/b/team/key/leased?lease={lease}", "here")).Status);
        await leader.KillAsync();
        await Until.TrueAsync("another front leads the bucket", async () => await LeaderOfAsync(others, "team") >= 0);
        await LivesItsTimeAsync(others[1], granted, "/b/team/key/leased");
        await leader.Start().ReadyAsync();

        var list = await RaftdAsync($"bucket list -endpoint http://{others[0].Address}");
        Assert.Contains("team", list, StringComparison.Ordinal);
        var second = fronts.Members[await LeaderOfAsync(fronts.Members, "team")];
        var exported = await RaftdAsync($"export -bucket team -endpoint http://{second.Address}");
        Assert.Contains("\"here\"", exported, StringComparison.Ordinal);
        Assert.DoesNotContain("elsewhere", exported, StringComparison.Ordinal);

        var watch = others[1].GetAsync("/b/team/watch/never?once=1&wait=60s");
        Assert.Equal("conflict", (await leader.SendAsync(HttpMethod.Delete, "/buckets/team")).Code);
        await RaftdAsync($"bucket remove -force team -endpoint http://{others[0].Address}");
        Assert.Equal("bucket_not_found", (await watch).Code);
        foreach (var front in fronts.Members)
        {
            Assert.Equal("bucket_not_found", (await front.GetAsync("/b/team/key/a")).Code);
            Assert.Equal("elsewhere", (await front.GetAsync("/key/a")).Text);
        }

        await Until.TrueAsync("its rows are deleted", () => fronts.Server.Execute(
            "SELECT (SELECT count(*) FROM raftd_revisions WHERE bucket > 1) + (SELECT count(*) FROM raftd_log WHERE bucket > 1)", fronts.Database) == "0");
        Assert.Equal(201, (await fronts[1].PutAsync("/buckets/team", "")).Status);
        Assert.Equal(404, (await fronts[2].GetAsync("/b/team/key/a")).Status);
        Assert.Equal("3", fronts.Server.Execute("SELECT max(bucket) FROM raftd_buckets", fronts.Database));
        await StopsInOrderAsync(fronts);
    }

    private async Task<Fronts> StartAsync(string engine) =>
        await Fronts.StartAsync(Scene, engine, await RaftdAsync($"store schema {engine}"));

    private static async Task SeenElsewhereAsync(Member writer, Member reader, Member watcher)
    {
        var revision = (await writer.StatusAsync()).Revision;
        var watch = watcher.GetAsync($"/watch/seen?rev={revision + 1}&once=1&wait=10s");

        Assert.Equal(200, (await writer.PutAsync("/key/seen", "by all")).Status);

        Assert.Equal("by all", (await reader.GetAsync("/key/seen")).Text);
        Assert.Contains("by all", (await watch).Text, StringComparison.Ordinal);
    }

    /// <summary>The key is there until the lease's time is over at the earliest, and goes.</summary>
    /// <param name="front">That is asked.</param>
    /// <param name="granted">A timestamp before the grant.</param>
    /// <param name="path">Of the key.</param>
    private static Task LivesItsTimeAsync(Member front, long granted, string path = "/key/leased") => Until.TrueAsync("the lease ends", async () =>
    {
        var answer = await front.GetAsync(path);
        Assert.True(answer.Status == 200 || Stopwatch.GetElapsedTime(granted) >= Ttl, $"{answer} {Stopwatch.GetElapsedTime(granted)} after the grant");
        return answer.Status == 404;
    });

    /// <returns>Which of them leads a bucket; below 0 for none.</returns>
    private static async Task<int> LeaderOfAsync(IReadOnlyList<Member> among, string bucket)
    {
        var buckets = (await among[0].GetAsync("/buckets")).Json.GetProperty("buckets").EnumerateArray();
        var leader = buckets.Single(one => one.GetProperty("name").GetString() == bucket).GetProperty("leader").GetString();
        for (var at = 0; at < among.Count; at++)
        {
            if ((await among[at].StatusAsync()).MemberId == leader)
            {
                return at;
            }
        }

        return -1;
    }

    private static async Task StartsAndStopsWithoutItAsync(Member late)
    {
        late.Start();
        await Until.TrueAsync("it says what it waits for", async () =>
            (await late.GetAsync("/key/any")) is { Status: 503 } answer
            && answer.Text.Contains("this front waits for its database", StringComparison.Ordinal));
        Assert.Equal(0, await late.StopAsync());
        NoPasswordIn([late]);
    }

    /// <summary>One after the other; the lead goes on at once, without the silence that a death takes.</summary>
    private static async Task StopsInOrderAsync(Fronts fronts)
    {
        var leader = await fronts.LeaderAsync();
        var others = fronts.Members.Where(front => front != leader).ToArray();
        var missed = others.Sum(TakeOvers);
        Assert.Equal(0, await leader.StopAsync());
        Assert.NotEqual(leader, await fronts.LeaderAsync());
        Assert.Equal(missed, others.Sum(TakeOvers));

        static int TakeOvers(Member front) => front.Log.Split("TakingOver(3005)").Length;
    }

    private static void NoPasswordIn(IEnumerable<Member> fronts) =>
        Assert.All(fronts, static front => Assert.DoesNotContain(Fronts.Password, front.Log, StringComparison.Ordinal));
}
