using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>A disk of its own for the data, filled to the last byte: an ext4 image, mounted. Needs root.</summary>
public sealed class FullDiskTests : ClusterTest
{
    private const int DiskFull = 17;
    private static readonly string[] Small = ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "1MiB", "-wal-retention-bytes", "1MiB"];
    private static readonly int[] ClearRefusals = [429, 503, 504, 507];

    [Fact]
    public async Task FullDisk_RefusesWritesAnswersReads_AndGoesOnWhenThereIsRoom()
    {
        var disk = await SmallDisk.MountAsync(Scene);
        var cluster = new TestCluster(Scene);
        var member = cluster.Add("node01", Small);
        member.DataDirectory = Path.Combine(disk.Path, "node01");
        await member.Start().ReadyAsync();
        await using var before = new Load(cluster.Members, "before", writers: 2, valueBytes: 4000);
        await before.MoreAsync(100);
        await before.StopAsync();

        await disk.FillAsync();
        var refused = await Until.SomeAsync("a write is refused", TimeSpan.FromSeconds(60), async () =>
        {
            var answer = await member.PutAsync("/key/" + Guid.NewGuid(), new byte[60_000]);
            return answer.Status == 200 ? null : answer;
        });
        Print($"a full disk: {refused}");
        Assert.Contains(refused.Status, ClearRefusals);
        await before.VerifyAsync(member);
        Assert.True(member.IsRunning);
        Assert.Equal(200, (await member.GetAsync("/livez")).Status);

        disk.MakeRoom();
        await Until.TrueAsync("writes go on", TimeSpan.FromSeconds(30), async () =>
            (await member.PutAsync("/key/after", "x")).Status == 200);
        await Until.TrueAsync("the alarm is over", TimeSpan.FromSeconds(30), async () => (await member.StatusAsync()).Alarms.Length == 0);
        await before.VerifyAsync(member);

        await member.KillAsync();
        await member.Start().ReadyAsync();
        await before.VerifyAsync(member);
        Assert.Equal("x", (await member.GetAsync("/key/after")).Text);
    }

    [Fact]
    public async Task FullDiskOfTheLeader_HarmsNoAcknowledgedWrite_AndTheClusterGoesOn()
    {
        var disk = await SmallDisk.MountAsync(Scene);
        var cluster = new TestCluster(Scene);
        foreach (var label in (string[])["node01", "node02", "node03"])
        {
            var member = cluster.Add(label, Small);
            member.DataDirectory = label == "node01" ? Path.Combine(disk.Path, label) : member.DataDirectory;
            await member.Start().ReadyAsync();
        }

        await cluster.ReadyAsync();
        Assert.Equal(200, (await cluster[0].SendAsync(HttpMethod.Post, "/leader/transfer?to=node01")).Status);
        await using var load = new Load(cluster.Members, valueBytes: 20_000);
        await load.MoreAsync(50);
        await disk.FillAsync();
        await Until.TrueAsync("its log has no room", TimeSpan.FromSeconds(60), () =>
            cluster[0].Log.Contains("DiskFull(120", StringComparison.Ordinal) || cluster[0].Log.Contains("NOSPACE", StringComparison.Ordinal));
        disk.MakeRoom();
        await load.MoreAsync(50, limitSeconds: 60);
        await cluster.ReadyAsync();
        await load.VerifyAsync(cluster.Members);
        await cluster.SameStateAsync();
        Assert.All(cluster.Members, member => Assert.True(member.IsRunning));
    }

    [Fact]
    public async Task Start_FullDisk_HasItsExitCode()
    {
        var disk = await SmallDisk.MountAsync(Scene);
        await disk.FillAsync();
        var member = Scene.AddMember(new Member(Scene, "node01", Small, Path.Combine(disk.Path, "node01")));
        Assert.Equal(DiskFull, await member.Start().EndAsync());
        Assert.Matches("^raftd: .*: free space", member.LastLine);
    }
}
