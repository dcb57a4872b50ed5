using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>Leaders that lose their power while a member hangs on them for a snapshot: their processes die and their cables
/// with them, so no connection is ever closed, and what they have begun must stand in no other's way. Needs root.</summary>
public sealed class PowerCutTests : ClusterTest
{
    private const int Mebibyte = 1 << 20;
    private const int ValueBytes = 32 * 1024;
    private const int StateBytes = 32 * Mebibyte;
    private const int MissedBytes = 8 * Mebibyte;
    private const int LinkBytesPerSecond = 20 * Mebibyte;

    // The log keeps next to nothing, so who was away needs a snapshot.
    private static readonly string[] TinyLog =
        ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "2MiB", "-wal-retention-bytes", "0", "-flush-interval", "20ms"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly Random _random = new(Seed.Value);

    private static int Rounds => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_POWER_CUTS") ?? "3", CultureInfo.InvariantCulture);

    [Fact]
    public async Task LeaderWithoutPower_WhileItSendsASnapshot_TheNextLeadersArrives()
    {
        Print($"seed {Seed.Value}");
        var wired = await WiredCluster.StartAsync(Scene, 3, Seed.Value, TinyLog);
        var values = new NumberedValues(wired.Members.Members, ValueBytes, StateBytes / ValueBytes);
        await values.FillAsync(StateBytes / ValueBytes);
        List<double> seconds = [];
        for (var round = 0; round < Rounds; round++)
        {
            seconds.Add(await RoundAsync(wired, values));
        }

        seconds.Sort();
        Print($"{Rounds} leaders without power: from the next one's election to its snapshot installed "
            + $"{seconds[seconds.Count / 2]:0.0} s median, {seconds[^1]:0.0} s at worst");
    }

    /// <returns>Seconds from the election of the next leader until the member that lags has installed its snapshot.</returns>
    private async Task<double> RoundAsync(WiredCluster wired, NumberedValues values)
    {
        var leader = await wired.Members.ReadyAsync();
        Member[] followers = [.. wired.Members.Except(leader)];
        _random.Shuffle(followers);
        var (heir, lagging) = (followers[0], followers[1]);
        await lagging.KillAsync();
        await MissAsync(values, leader, heir);
        wired.SetAround(lagging, new Link { BytesPerSecond = LinkBytesPerSecond });
        lagging.Start();
        var share = await SendAPartAsync(wired, leader, lagging);

        var cutAt = DateTimeOffset.UtcNow;
        wired.SetAround(leader, Link.Severed);
        leader.Signal(Signal.Kill);
        var elected = await TimeAsync(heir, "Leading(2002)", cutAt);
        await TimeAsync(heir, $"SnapshotSent(1111) {lagging.Label} ", elected);
        var installed = await TimeAsync(lagging, "SnapshotInstalled(1115)", elected);
        Print($"without power at {share:P0}: {heir.Label} leads after {(elected - cutAt).TotalSeconds:0.0} s, "
            + $"its snapshot is installed {(installed - elected).TotalSeconds:0.0} s later");

        await leader.EndAsync();
        wired.Heal();
        leader.Start();
        await wired.Members.ReadyAsync();
        await values.VerifyAsync(lagging);
        await wired.Members.SameStateAsync();
        return (installed - elected).TotalSeconds;
    }

    /// <summary>Writes while it is away, and history goes: every round's state has the same size.</summary>
    private static async Task MissAsync(NumberedValues values, Member leader, Member heir)
    {
        await values.FillAsync(MissedBytes / ValueBytes, leader, heir);
        var revision = (await leader.StatusAsync()).Revision;
        Assert.Equal(200, (await leader.PostAsync($"/compact?rev={revision}&physical=1")).Status);
    }

    /// <returns>How much of the state was on its way, of 1.</returns>
    private async Task<double> SendAPartAsync(WiredCluster wired, Member leader, Member lagging)
    {
        var share = 0.05 + (0.8 * _random.NextDouble());
        var before = wired.BytesForwarded(leader, lagging);
        await Until.TrueAsync("a part of the snapshot is sent", Limit, () => wired.BytesForwarded(leader, lagging) - before > share * StateBytes);
        Assert.Contains("SnapshotReceiving(1113)", lagging.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("SnapshotInstalled(1115)", lagging.Log, StringComparison.Ordinal);
        return share;
    }

    private static async Task<DateTimeOffset> TimeAsync(Member member, string wanted, DateTimeOffset after)
    {
        DateTimeOffset? time = null;
        await Until.TrueAsync($"{member.Label}: {wanted}", Limit, () => (time = LogTimes.FirstTime(member.Log, wanted, after)) is not null);
        return time!.Value;
    }
}
