using System.Globalization;
using System.Text;
using Raftd.Api.Tests;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>An EventSource of a real browser, which comes back by itself, and gives up for good where it is answered anything but a stream.</summary>
public sealed class BrowserWatchTests : ClusterTest
{
    private const int Phase = 20;
    private const string Watch = "/watch/live/?prefix=1&initial=1";

    /// <summary>What an EventSource tells, in order, and how often it has been connected.</summary>
    private const string Script =
        """
        var told = [], opened = 0;
        var source = new EventSource('%WATCH%');
        source.onopen = () => opened++;
        for (const name of ['put', 'delete', 'snapshot-end', 'reset', 'compacted']) {
          source.addEventListener(name, event => {
            const item = JSON.parse(event.data);
            told.push(name === 'put' ? `${item.key}=${item.value}` : name);
          });
        }
        """;

    private int _written;

    [Fact]
    public async Task EventSource_ThroughTheDeathsOfItsLeaderAndOfItsMember_IsToldEachWriteOnceAndInOrder()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var leader = await cluster.LeaderAsync();
        var own = await cluster.FollowerAsync();
        await WriteAsync(own);
        var initial = _written;
        await using var browser = await Browser.StartAsync(Scene);
        await browser.OpenAsync($"http://{own.Address}/version");
        await browser.RunAsync(Script.Replace("%WATCH%", Watch, StringComparison.Ordinal));
        await Until.TrueAsync("the initial state is told", async () => (await ToldAsync(browser)).Contains("snapshot-end"));

        // The leader dies: the stream goes on.
        await WriteAsync(own);
        await leader.KillAsync();
        await WriteAsync(own);
        await AllAreToldAsync(browser, initial);
        Assert.Equal(1, await OpenedAsync(browser));
        leader.Start();
        var other = await cluster.ReadyAsync();

        // Its own member dies, and misses what is written until it is back.
        other = other == own ? await cluster.FollowerAsync() : other;
        await own.KillAsync();
        await WriteAsync(other);
        own.Start();
        await AllAreToldAsync(browser, initial);

        // All die, and its own comes back to be alone: the stream stands again before there is a leader.
        foreach (var member in cluster.Members)
        {
            await member.KillAsync();
        }

        var before = await OpenedAsync(browser);
        own.Start();
        await Until.TrueAsync("the browser is back", async () => await OpenedAsync(browser) > before && await IsOpenAsync(browser));
        Assert.Equal(503, (await own.PutAsync("/key/other", "nobody leads")).Status);
        foreach (var member in cluster.Except(own))
        {
            member.Start();
        }

        await WriteAsync(own);
        await AllAreToldAsync(browser, initial);
        Print($"{_written} writes told once and in order, over {await OpenedAsync(browser)} connections");
    }

    /// <summary>A page's reader sees its EventSource closed for good after any of these, had they another status.</summary>
    [Fact]
    public async Task Resume_WhereNobodyLeads_IsAnsweredAsAStream()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var own = cluster[2];
        await WriteAsync(own);
        var revision = (await own.StatusAsync()).Revision;
        await cluster[0].KillAsync();
        await cluster[1].KillAsync();
        await StandsAsync(own, $"{revision - 1}.0", "event: put");
        await StandsAsync(own, "s999999:bGl2ZS8wMDE", ": ");

        // A member of no cluster, which starts as long as nobody lets it in.
        var starting = Scene.AddMember("starting");
        starting.Join = cluster[0].Address;
        starting.Start();
        await Until.TrueAsync("a member listens", async () => (await starting.GetAsync("/livez")).Status == 200);
        Assert.Equal("not_ready", (await starting.GetAsync(Watch)).Code);
        await StandsAsync(starting, $"{revision - 1}.0", ": ");
    }

    /// <summary>The answer is a stream, and has a line that begins so.</summary>
    private static async Task StandsAsync(Member member, string id, string line)
    {
        using var watch = await EventReader.OpenAsync(new MemberAsHost(new Uri($"http://{member.Address}")), Watch, id);
        Assert.Equal((200, "text/event-stream"), (watch.Status, watch.Header("Content-Type")));
        string? told;
        do
        {
            told = await watch.LineAsync();
        }
        while (told?.StartsWith(line, StringComparison.Ordinal) == false);
        Assert.NotNull(told);
    }

    /// <summary>The next numbers, each to a key that must not be there yet: a write whose answer was lost is not made again.</summary>
    private async Task WriteAsync(Member member)
    {
        for (var end = _written + Phase; _written < end; _written++)
        {
            await Until.TrueAsync($"number {_written} is written", async () => (await member.SendAsync(
                HttpMethod.Put,
                $"/key/live/{Name(_written)}",
                Encoding.UTF8.GetBytes($"of {_written}"),
                headers: static headers => headers.Add("If-None-Match", "*"))).Status is 200 or 412);
        }
    }

    private async Task AllAreToldAsync(Browser browser, int initial)
    {
        var puts = Enumerable.Range(0, _written).Select(static number => $"live/{Name(number)}=of {number}").ToArray();
        await Until.TrueAsync("the last write is told", async () => (await ToldAsync(browser)).Contains(puts[^1]));
        Assert.Equal([.. puts[..initial], "snapshot-end", .. puts[initial..]], await ToldAsync(browser), StringComparer.Ordinal);
    }

    private static string Name(int number) => number.ToString("D3", CultureInfo.InvariantCulture);

    private static async Task<string[]> ToldAsync(Browser browser) =>
        [.. (await browser.RunAsync("told")).EnumerateArray().Select(static told => told.GetString()!)];

    private static async Task<int> OpenedAsync(Browser browser) => (await browser.RunAsync("opened")).GetInt32();

    private static async Task<bool> IsOpenAsync(Browser browser) =>
        (await browser.RunAsync("source.readyState === EventSource.OPEN")).GetBoolean();
}
