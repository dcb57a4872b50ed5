using Raftd.Cluster.Tests.Support;

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
        var disk = await MountAsync();
        var cluster = new TestCluster(Scene);
        var member = cluster.Add("node01", Small);
        member.DataDirectory = Path.Combine(disk, "node01");
        await member.Start().ReadyAsync();
        await using var before = new Load(cluster.Members, "before", writers: 2, valueBytes: 4000);
        await before.MoreAsync(100);
        await before.StopAsync();

        await FillAsync(disk);
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

        File.Delete(Path.Combine(disk, "filler"));
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
        var disk = await MountAsync();
        var cluster = new TestCluster(Scene);
        foreach (var label in (string[])["node01", "node02", "node03"])
        {
            var member = cluster.Add(label, Small);
            member.DataDirectory = label == "node01" ? Path.Combine(disk, label) : member.DataDirectory;
            await member.Start().ReadyAsync();
        }

        await cluster.ReadyAsync();
        Assert.Equal(200, (await cluster[0].SendAsync(HttpMethod.Post, "/leader/transfer?to=node01")).Status);
        await using var load = new Load(cluster.Members, valueBytes: 20_000);
        await load.MoreAsync(50);
        await FillAsync(disk);
        await Until.TrueAsync("its log has no room", TimeSpan.FromSeconds(60), () =>
            cluster[0].Log.Contains("DiskFull(120", StringComparison.Ordinal) || cluster[0].Log.Contains("NOSPACE", StringComparison.Ordinal));
        File.Delete(Path.Combine(disk, "filler"));
        await load.MoreAsync(50, limitSeconds: 60);
        await cluster.ReadyAsync();
        await load.VerifyAsync(cluster.Members);
        await cluster.SameStateAsync();
        Assert.All(cluster.Members, member => Assert.True(member.IsRunning));
    }

    [Fact]
    public async Task FullDiskAtStart_HasItsExitCode()
    {
        var disk = await MountAsync();
        await FillAsync(disk);
        var member = Scene.AddMember(new Member(Scene, "node01", Small, Path.Combine(disk, "node01")));
        Assert.Equal(DiskFull, await member.Start().EndAsync());
        Assert.Matches("^raftd: .*: free space", member.LastLine);
    }

    private async Task<string> MountAsync()
    {
        Assert.SkipUnless(Environment.UserName == "root", "needs root, to mount a small disk");
        var disk = Scene.PathOf("disk");
        var made = await Scene.ShellAsync(
            $"set -e; truncate -s 48M {disk}.img; mkfs.ext4 -q -m 0 {disk}.img; mkdir {disk}; mount -o loop {disk}.img {disk}");
        Assert.SkipUnless(made.Code == 0, $"this machine does not let a test mount a small disk: {made.Error.Trim()}");
        Scene.OnEnd(() => Scene.ShellAsync($"umount {disk}"));
        return disk;
    }

    /// <summary>dd and not fallocate: it takes what is left, to the last block.</summary>
    private Task<ShellResult> FillAsync(string disk) => Scene.ShellAsync(
        $"dd if=/dev/zero of={disk}/filler bs=1M 2>/dev/null; dd if=/dev/zero of={disk}/filler bs=1k oflag=append conv=notrunc 2>/dev/null; sync {disk}/filler");
}
