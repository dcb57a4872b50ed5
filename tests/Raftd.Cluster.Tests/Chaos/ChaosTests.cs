using System.Globalization;
using Raftd.Cluster.Tests.Chaos.Ills;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>Three real members.</summary>
public sealed class ChaosTests : ClusterTest
{
    private const int StrikesOfKilling = 8;

    // Small enough that the log soon asks a full disk for a new file.
    private static readonly string[] SmallestFiles = ["-max-value-bytes", "16KiB", "-wal-segment-bytes", "256KiB", "-wal-retention-bytes", "1MiB"];

    private static int Kills => int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_KILLS") ?? "10", CultureInfo.InvariantCulture);

    // Of the tests whose ills take longer.
    private static int Rounds => Math.Max(1, Kills / 30);

    [Fact]
    public async Task MembersKilledPausedAndReplacedUnderLoad_LoseNothing_AndTheHistoryIsLinearizable()
    {
        var passing = new PassingMember();
        await RecordedChaos.RunAsync(
            await TestCluster.StartAsync(Scene, 3),
            Print,
            havoc => havoc.Kills >= Kills,
            () => [.. Enumerable.Repeat<Ill>(new KilledMembers(), StrikesOfKilling),
                new PausedMember(), new MovedLeadership(), new ReplacedMember(), passing]);
    }

    [Fact]
    public async Task DisksFilledAndClocksMovedUnderLoad_LoseNothing_AndTheHistoryIsLinearizable()
    {
        var cluster = new TestCluster(Scene);
        var disks = new Dictionary<Member, SmallDisk>();
        var clocks = new Dictionary<Member, FakeClock>();
        foreach (var label in (string[])["node01", "node02", "node03"])
        {
            var member = cluster.Add(label, SmallestFiles);
            disks[member] = await SmallDisk.MountAsync(Scene, "disk-" + label, megabytes: 64);
            clocks[member] = FakeClock.Of(Scene, member);
            member.DataDirectory = Path.Combine(disks[member].Path, label);
            await member.Start().ReadyAsync();
        }

        await cluster.ReadyAsync();
        await RecordedChaos.RunAsync(
            cluster,
            Print,
            havoc => havoc.Rounds >= Rounds,
            () => [new FilledDisk(disks), new FilledDisk(disks), new JumpingClock(clocks), new JumpingClock(clocks),
                new KilledMembers(), new PausedMember()]);
    }

    [Fact]
    public async Task WireCutAndBadUnderLoad_LosesNothing_AndTheHistoryIsLinearizable()
    {
        var wired = await WiredCluster.StartAsync(Scene, 3, Seed.Value);
        await RecordedChaos.RunAsync(
            wired.Members,
            Print,
            havoc => havoc.Rounds >= Rounds,
            () => [.. Enum.GetValues<Cut>().Select(cut => new CutLinks(wired, cut, Print)),
                new DrawnCuts(wired, Print), new DrawnCuts(wired, Print),
                new BadWire(wired, BadWire.Slow, new MovedLeadership()),
                new BadWire(wired, BadWire.Lossy, new KilledMembers()),
                new BadWire(wired, BadWire.Muddled, new PausedMember())]);
        Print($"{wired.Wire.Forwarded} frames forwarded, {wired.Wire.Dropped} dropped");
        Assert.True(wired.Wire.Dropped > 0, "no ill of the wire ever met a frame");
    }
}
