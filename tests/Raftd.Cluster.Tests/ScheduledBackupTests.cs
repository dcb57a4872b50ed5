using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>-backup-dir, as an operator uses it.</summary>
public sealed class ScheduledBackupTests : ClusterTest
{
    private const int Kept = 2;

    /// <summary>The directory's disk is away at first: the member runs, and says so. Then backups come, the old ones go, and after the
    /// member is killed in the middle of it the newest makes a new cluster.</summary>
    [Fact]
    public async Task EachInterval_ABackup_OfWhichOneIsRestored()
    {
        var disk = Scene.PathOf("disk");
        var directory = Path.Combine(disk, "backups");
        var member = Scene.AddMember(
            "node01", [.. TestCluster.SmallFiles, "-backup-dir", directory, "-backup-interval", "1s", "-backup-keep", $"{Kept}"]);
        await member.Start().ReadyAsync();
        await Until.TrueAsync("it says that the backup failed", TimeSpan.FromSeconds(30), async () =>
            (await member.StatusAsync()).Warnings is [var warning] && warning.Contains("there is none yet", StringComparison.Ordinal)
            && warning.Contains(directory, StringComparison.Ordinal));

        Directory.CreateDirectory(disk);
        var put = await member.PutAsync("/key/k", "v");
        var written = long.Parse(put.Header("X-Raftd-Revision")!, CultureInfo.InvariantCulture);
        var files = new HashSet<string>(StringComparer.Ordinal);
        await Until.TrueAsync("more were made than are kept", TimeSpan.FromSeconds(60), async () =>
        {
            if (await NewestAsync(member) is { } newest && newest.Revision >= written)
            {
                files.Add(newest.File);
            }

            return files.Count > Kept + 1;
        });
        Assert.Empty((await member.StatusAsync()).Warnings);
        await member.KillAsync();

        var whole = Directory.GetFiles(directory, "*.snapshot");
        Assert.InRange(whole.Length, Kept, Kept + 1);
        var restored = Scene.PathOf("restored");
        Print(await RaftdAsync($"snapshot restore {whole.Order(StringComparer.Ordinal).Last()} {restored} -id again"));
        var again = Scene.AddMember(new Member(Scene, "again", TestCluster.SmallFiles, restored)).Start();
        await again.ReadyAsync();
        Assert.Equal("v", (await again.GetAsync("/key/k")).Text);
    }

    private static async Task<(string File, long Revision)?> NewestAsync(Member member)
    {
        var backups = (await member.GetAsync("/status")).Json.GetProperty("backups");
        return backups.TryGetProperty("file", out var file)
            ? (file.GetString()!, long.Parse(backups.GetProperty("revision").GetString()!, CultureInfo.InvariantCulture))
            : null;
    }
}
