using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>A small quota: history gives way to data, and only data that do not fit are refused.</summary>
public sealed class QuotaTests : ClusterTest
{
    private const int Megabyte = 1_000_000;
    private static readonly string[] SmallQuota = [.. TestCluster.SmallFiles, "-quota-bytes", "16MiB"];
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    /// <summary>A quota of 16 MiB was full for good after 17 puts of 1 MB to one key.</summary>
    [Fact]
    public async Task OneKeyOverwritten_ManyTimesTheQuota_EveryPutIsAccepted()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, SmallQuota);
        var value = new byte[Megabyte];
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(200, (await cluster[i % 3].PutAsync("/key/one", value)).Status);
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, 8), async (writer, _) =>
        {
            for (var i = 0; i < 10; i++)
            {
                Assert.Equal(200, (await cluster[writer % 3].PutAsync("/key/one", value)).Status);
            }
        });

        var leader = await cluster.LeaderAsync();
        var status = await leader.StatusAsync();
        Print($"{status.LogicalBytes} bytes, {status.HistoryBytes} of them history, revision {status.Revision}");
        Assert.Equal(121, status.Revision);
        Assert.InRange(status.LogicalBytes, Megabyte, 16 << 20);
        Assert.Empty(status.Alarms);
        await cluster.SameStateAsync();
    }

    [Fact]
    public async Task LiveDataFillTheQuota_WhatDoesNotFitIsRefused_AndDeletingEndsIt()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, SmallQuota);
        var value = new byte[2 * Megabyte];
        var stored = 0;
        Answer refused;
        while (true)
        {
            refused = await cluster[stored % 3].PutAsync($"/key/live/{stored}", value);
            if (refused.Status != 200)
            {
                break;
            }

            stored++;
        }

        Assert.Equal(507, refused.Status);
        Assert.Equal(8, stored);
        Assert.Contains("quota exceeded", refused.Text, StringComparison.Ordinal);
        Assert.Contains("-quota-bytes", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, (await cluster[0].PutAsync("/key/small", "fits")).Status);
        Assert.Equal(200, (await cluster[1].PutAsync("/key/live/0", value)).Status);
        // A leader that comes knows nothing of what the former one refused, until the next refusal.
        await Until.TrueAsync("the alarm says why, on every member", Soon, async () =>
        {
            await cluster[2].PutAsync("/key/live/more", value);
            var alarms = await Task.WhenAll(cluster.Members.Select(async member => (await member.StatusAsync()).Alarms));
            return alarms.All(of => of is ["NOSPACE"])
                && (await cluster[2].GetAsync("/alarms")).Text.Contains("\"cause\":\"quota\"", StringComparison.Ordinal);
        });

        Assert.Equal(200, (await cluster[0].SendAsync(HttpMethod.Delete, "/key/live/1")).Status);
        Assert.Equal(200, (await cluster[1].PutAsync("/key/live/more", value)).Status);
        await Until.TrueAsync("the alarm is over", Soon, async () => (await cluster[2].StatusAsync()).Alarms.Length == 0);
        await cluster.SameStateAsync();
    }

    [Fact]
    public async Task OperatorsAlarm_UntilItIsDisarmed_RefusesWritesThroughEveryMember()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, SmallQuota);
        Assert.Equal(200, (await cluster[0].PutAsync("/key/k", "v")).Status);
        var raised = await cluster[1].PostAsync("/alarms/NOSPACE");
        Assert.Contains("\"cause\":\"operator\"", raised.Text, StringComparison.Ordinal);
        var refused = await cluster[2].PutAsync("/key/k", "w");
        Assert.Equal(507, refused.Status);
        Assert.Contains("DELETE /alarms/NOSPACE", refused.Text, StringComparison.Ordinal);

        var follower = await cluster.FollowerAsync();
        Assert.Equal(200, (await follower.PostAsync($"/leader/transfer?to={follower.Label}")).Status);
        await cluster.ReadyAsync();
        Assert.Equal(507, (await cluster[2].PutAsync("/key/k", "w")).Status);
        Assert.Equal("v", (await cluster[2].GetAsync("/key/k")).Text);
        Assert.Equal(200, (await cluster[0].SendAsync(HttpMethod.Delete, "/key/k")).Status);

        Assert.Equal("{\"alarms\":[]}", (await cluster[0].SendAsync(HttpMethod.Delete, "/alarms/NOSPACE")).Text);
        Assert.Equal(200, (await cluster[2].PutAsync("/key/k", "w")).Status);
    }

    [Fact]
    public async Task Members_OfDifferentQuotas_WarnOfEachOther()
    {
        var cluster = await TestCluster.StartAsync(Scene, 2, SmallQuota);
        var other = cluster.Add("node03", [.. TestCluster.SmallFiles, "-quota-bytes", "32MiB"]);
        await other.Start().ReadyAsync();
        foreach (var member in cluster.Members)
        {
            await Until.TrueAsync($"{member.Label} warns", Soon, async () =>
                (await member.StatusAsync()).Warnings.Any(warning => warning.Contains("-quota-bytes", StringComparison.Ordinal)));
            await Until.TrueAsync($"the log of {member.Label} says so", Soon, () =>
                member.Log.Contains("QuotaDiffers", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Compact_ByHand_TakesHistoryFromEveryMember()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, SmallQuota);
        for (var i = 0; i < 10; i++)
        {
            await cluster[0].PutAsync("/key/k", string.Create(CultureInfo.InvariantCulture, $"{i}"));
        }

        var compacted = await cluster[1].PostAsync("/compact?rev=8&physical=1");
        Assert.Equal("""{"revision":"11","compact_revision":"8","deleted":true}""", compacted.Text);
        foreach (var member in cluster.Members)
        {
            Assert.Equal(410, (await member.GetAsync("/key/k?rev=7")).Status);
            Assert.Equal("6", (await member.GetAsync("/key/k?rev=8")).Text);
            Assert.Equal("9", (await member.GetAsync("/key/k")).Text);
        }

        Assert.Equal(410, (await cluster[0].PostAsync("/compact?rev=8")).Status);
        Assert.Equal(400, (await cluster[0].PostAsync("/compact?rev=12")).Status);
        Assert.Equal(400, (await cluster[0].PostAsync("/compact")).Status);
        await cluster.SameStateAsync();
    }

    /// <summary>The index knows nothing of the key any more, so no change of it would ever end the wait.</summary>
    [Fact]
    public async Task Wait_ForAKeyThatWasDeletedAndCompacted_EndsAtOnce()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1, SmallQuota);
        await cluster[0].PutAsync("/key/k", "v");
        await cluster[0].SendAsync(HttpMethod.Delete, "/key/k");
        await cluster[0].PutAsync("/key/other", "1");
        await cluster[0].PutAsync("/key/other", "2");
        Assert.Equal(200, (await cluster[0].PostAsync("/compact?rev=5&physical=1")).Status);
        Assert.Equal(404, (await cluster[0].GetAsync("/key/k?wait=60s&after=2")).Status);

        // Nothing was missed by those who wait for a key to come.
        var coming = cluster[0].GetAsync("/key/k?wait=60s&after=0");
        await cluster[0].PutAsync("/key/k", "again");
        Assert.Equal("again", (await coming).Text);
    }
}
