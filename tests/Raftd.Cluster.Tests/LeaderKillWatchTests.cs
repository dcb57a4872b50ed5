using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>A shell that watches at a follower while the leader is killed.</summary>
public sealed class LeaderKillWatchTests : ClusterTest
{
    private const int Keys = 60;
    private const int KillBefore = 20;

    [Fact]
    public async Task Stream_AtAFollower_SurvivesTheDeathOfTheLeader_WithNothingLostOrRepeated()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        var leader = await cluster.LeaderAsync();
        var follower = await cluster.FollowerAsync();
        var told = Scene.PathOf("watch.log");
        var curl = Scene.StartScript(told, $"exec curl -sN '{follower.Address}/watch/live/?prefix=1&initial=1'");
        await Until.TrueAsync("the watch stands", () => File.Exists(told) && File.ReadAllText(told).Contains("event: snapshot-end"));
        for (var i = 0; i < Keys; i++)
        {
            if (i == KillBefore)
            {
                await leader.KillAsync();
            }

            // A write whose answer was lost is written again, and may be there twice: the history tells.
            await Until.TrueAsync($"key {i} is written", async () => (await follower.PutAsync($"/key/live/{i}", $"{i}")).Status == 200);
        }

        var written = new List<long>();
        for (var i = 0; i < Keys; i++)
        {
            var versions = (await follower.GetAsync($"/history/live/{i}")).Json.GetProperty("items").EnumerateArray();
            written.AddRange(versions.Select(static version => long.Parse(version.GetProperty("mod_revision").GetString()!)));
        }

        written.Sort();
        await Until.TrueAsync("the last change is told", () => IdsIn(told).LastOrDefault() == $"{written[^1]}.0");
        Assert.Equal(written.Select(static revision => $"{revision}.0"), IdsIn(told), StringComparer.Ordinal);
        Assert.False(curl.HasExited, "the stream has ended");
        Print($"{written.Count} changes over the death of a leader");
    }

    /// <summary>Of the changes, in the order in which they came.</summary>
    private static string[] IdsIn(string told)
    {
        var lines = File.ReadAllLines(told);
        return [.. lines.Index().Where(line => line.Item == "event: put").Select(line => lines[line.Index + 1]["id: ".Length..])];
    }
}
