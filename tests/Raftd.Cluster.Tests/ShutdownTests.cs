using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.Cluster.Tests;

/// <summary>SIGTERM: hand over, drain, sync, end with 0.</summary>
public sealed class ShutdownTests : ClusterTest
{
    private static readonly string[] LongElections = [.. TestCluster.SmallFiles, "-election-timeout", "4s", "-heartbeat-interval", "400ms"];

    /// <summary>An election takes at least 4 s here, so a member that leads before that was handed the leadership.</summary>
    [Fact]
    public async Task LeaderTold_HandsOverBeforeItEnds_AndNoWriteFailsElsewhere()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3, LongElections);
        var leader = await cluster.LeaderAsync();
        var others = cluster.Except(leader).ToArray();
        await using var load = new Load(others);
        await load.MoreAsync(100);

        var started = Stopwatch.GetTimestamp();
        Assert.Equal(0, await leader.StopAsync());
        var ended = Stopwatch.GetElapsedTime(started);
        Assert.Equal(200, (await others[0].PutAsync("/key/after", "x")).Status);
        var took = Stopwatch.GetElapsedTime(started);
        Print($"SIGTERM of the leader: ended after {ended.TotalMilliseconds:0} ms, a write elsewhere after {took.TotalMilliseconds:0} ms");
        Assert.True(took < TimeSpan.FromSeconds(3), $"{took} until another member led");

        await load.MoreAsync(100);
        await leader.Start().ReadyAsync();
        await load.VerifyAsync(cluster.Members);
        Assert.Equal(0, load.Failed);
    }

    [Fact]
    public async Task PutUnderWay_IsFinishedOrRefused_AndTheMemberEndsWithZero()
    {
        var cluster = await TestCluster.StartAsync(Scene, 1);
        var member = cluster[0];
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", member.HttpPort, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync("PUT /key/slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 8\r\n\r\nhalf"u8.ToArray(), TestContext.Current.CancellationToken);
        await Until.TrueAsync("the member has the first half", TimeSpan.FromSeconds(20), async () => (await member.GetAsync("/livez")).Status == 200);

        member.Signal(Signal.Terminate);
        await Until.TrueAsync("it says that it is stopping", TimeSpan.FromSeconds(20), () => member.Log.Contains("StopRequested", StringComparison.Ordinal));
        await stream.WriteAsync("half"u8.ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? "";
        Assert.Equal(0, await member.EndAsync());
        Print($"a PUT under way at SIGTERM: {line}");
        Assert.Matches("^HTTP/1.1 (200|503|504)", line);

        await member.Start().ReadyAsync();
        var stored = await member.GetAsync("/key/slow");
        Assert.Equal(line.Contains("200", StringComparison.Ordinal) ? "halfhalf" : stored.Text, stored.Text);
        Assert.Equal(0, await member.StopAsync());
    }

    [Fact]
    public async Task SecondSignal_EndsAtOnce_AndLosesNothing()
    {
        var cluster = await TestCluster.StartAsync(Scene, 3);
        await using var load = new Load(cluster.Members);
        await load.MoreAsync(100);
        foreach (var member in cluster.Members)
        {
            member.Signal(Signal.Terminate);
            member.Signal(Signal.Terminate);
        }

        foreach (var member in cluster.Members)
        {
            Assert.Contains(await member.EndAsync(), (int[])[0, 143]);
        }

        await load.StopAsync();
        foreach (var member in cluster.Members)
        {
            member.Start();
        }

        await cluster.ReadyAsync();
        await load.VerifyAsync(cluster.Members);
    }
}
