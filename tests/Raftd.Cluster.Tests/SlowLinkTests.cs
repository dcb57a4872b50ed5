using System.Diagnostics;
using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Cluster.Tests.Wire;
using Raftd.Testing;

namespace Raftd.Cluster.Tests;

/// <summary>A member that lost its directory comes back over a link that is not much faster than the writes that go on
/// meanwhile. How long that takes is printed, not judged. Needs root, for the namespaces of the members.</summary>
public sealed class SlowLinkTests : ClusterTest
{
    private const int Mebibyte = 1 << 20;
    private const int ValueBytes = 16 * 1024;
    private const int LinkBytesPerSecond = 20 * Mebibyte;
    private const int WrittenBytesPerSecond = 5 * Mebibyte;
    private const int IdentityRefused = 13;

    // Smaller than the state: a member that has nothing needs a snapshot.
    private static readonly string[] Flags = ["-max-value-bytes", "64KiB", "-wal-segment-bytes", "16MiB", "-wal-retention-bytes", "64MiB"];

    private static readonly TimeSpan Healthy = TimeSpan.FromSeconds(5);

    private static int StateMebibytes =>
        int.Parse(Environment.GetEnvironmentVariable("RAFTD_TEST_STATE_MIB") ?? "200", CultureInfo.InvariantCulture);

    // Ten times what the link takes for the state, and a minute for a busy machine.
    private static TimeSpan Limit => TimeSpan.FromSeconds(60 + (StateMebibytes / 2));

    [Fact]
    public async Task WipedMember_RejoinsOverASlowLinkUnderWrites_AndHasAllThatWasAcknowledged()
    {
        Print($"seed {Seed.Value}");
        var wired = await WiredCluster.StartAsync(Scene, 3, Seed.Value, Flags);
        var wiped = await wired.Members.FollowerAsync();
        Member[] others = [.. wired.Members.Except(wiped)];
        var values = new NumberedValues(others, ValueBytes);
        await values.FillAsync(StateMebibytes * (Mebibyte / ValueBytes));
        await wired.Members.SameStateAsync();
        var writes = new SteadyWrites(values, WrittenBytesPerSecond);
        await using (writes)
        {
            await writes.MoreAsync(Healthy);
            var before = writes.Take();
            await WipeAsync(wiped, others[0]);
            wired.SetAround(wiped, new Link { BytesPerSecond = LinkBytesPerSecond });
            writes.Take();
            var took = await RejoinAsync(wiped);
            Print($"{StateMebibytes} MiB over {LinkBytesPerSecond / Mebibyte} MiB/s beside {WrittenBytesPerSecond / Mebibyte} MiB/s of writes: "
                + $"votes again after {took.TotalSeconds:0.0} s");
            Print($"before: {before}; beside it: {writes.Take()}");
        }

        Assert.Contains("SnapshotInstalled(1115)", wiped.Log, StringComparison.Ordinal);
        await wired.Members.ReadyAsync();
        await values.VerifyAsync(wiped);
        await wired.Members.SameStateAsync();
    }

    /// <summary>As docs/operations.md says: removed, its directory emptied, and ready to join anew.</summary>
    private static async Task WipeAsync(Member wiped, Member other)
    {
        Assert.Equal(200, (await other.SendAsync(HttpMethod.Delete, $"/members/{wiped.Label}")).Status);
        Assert.Equal(IdentityRefused, await wiped.EndAsync());
        Directory.Delete(wiped.DataDirectory, recursive: true);
        wiped.Join = $"{other.PeerHost}:{other.HttpPort}";
    }

    /// <returns>From its start until it votes.</returns>
    private static async Task<TimeSpan> RejoinAsync(Member wiped)
    {
        var started = Stopwatch.GetTimestamp();
        wiped.Start();
        await Until.TrueAsync("it votes again", Limit, async () => (await wiped.StatusAsync()).Role is "follower" or "leader");
        return Stopwatch.GetElapsedTime(started);
    }
}
