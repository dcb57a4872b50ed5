using System.Globalization;
using System.Net.Sockets;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;
using static Raftd.Cluster.Tests.Support.RawHttp2;

namespace Raftd.Cluster.Tests;

/// <summary>Clients that flood their connection of HTTP/2: the member keeps a bounded number of bytes for them, and serves the others
/// meanwhile.</summary>
public sealed class FloodTests : ClusterTest
{
    // By other clients, one after the other, while the flood goes on.
    private const int Writes = 300;
    private const int FramesAtOnce = 200;
    private const int LargeBytes = 4 << 20;
    private const int Readers = 200;

    // What Kestrel keeps of a request that has been taken back, or has one frame on its way, with a wide margin for the collector:
    // a flood that is kept frame by frame has gigabytes.
    private const long MostBytes = 256L << 20;

    // 10 000 streams of watches at 30 KiB each, and the same margin.
    private const long MostBytesOfStreams = 600L << 20;

    // Of a member that has just started.
    private const long StartBytes = 128L << 20;

    private const string Watch = "/etcdserverpb.Watch/Watch";
    private const string Large = "/key/large";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Frames that cost the client next to nothing.</summary>
    public static TheoryData<FrameKind> CheapFrames =>
        [FrameKind.Settings, FrameKind.Ping, FrameKind.Data, FrameKind.Priority, FrameKind.WindowUpdate];

    /// <summary>CVE-2023-44487.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RequestsTakenBackAtOnce_EndTheirConnection(bool reads)
    {
        var member = await StartAsync();
        using var flood = await RunAsync(member, reads, at => [.. Get(at, "/key/absent?wait=30s"), .. Frame(FrameKind.ResetStream, 0, IdOf(at), 0, 0, 0, 8)]);
        await flood.EndAsync("the connection is closed");
        await ServesOthersAsync(member, flood, MostBytes);
        Assert.Contains("ResetFlood(5004)", member.Log, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(CheapFrames))]
    public async Task CheapFrames_KeepNothing_ReadOrNot(FrameKind kind)
    {
        var member = await StartAsync();
        foreach (var reads in (bool[])[true, false])
        {
            using var flood = await RunAsync(member, reads, at => at == 0 ? OpenWatch(at) : Cheap(kind));
            await ServesOthersAsync(member, flood, MostBytes);
        }
    }

    [Fact]
    public async Task Streams_BeyondTheirNumber_AreRefused_AndTheConnectionGoesOn()
    {
        var member = await StartAsync();
        using var flood = await RunAsync(member, reads: true, OpenWatch);
        await Until.TrueAsync("streams are refused", Limit, () => flood.Connection.Received(FrameKind.ResetStream) > 0);
        await ServesOthersAsync(member, flood, MostBytesOfStreams);
    }

    /// <summary>CVE-2024-27316 and its like: headers without an end, in frames that hold nothing.</summary>
    [Fact]
    public async Task Headers_ThatNeverEnd_AreCutOff()
    {
        var member = await StartAsync();
        using var flood = await RunAsync(
            member,
            reads: true,
            at => at == 0 ? Frame(FrameKind.Headers, 0, IdOf(0), CallHeaders(Watch)) : Frame(FrameKind.Continuation, 0, IdOf(0)));
        await ServesOthersAsync(member, flood, MostBytes);
        await flood.EndAsync("the headers take too long");
    }

    /// <summary>All of them read the same value; how long they may take is a matter of `SlowReaderTests`.</summary>
    [Fact]
    public async Task Client_ThatAsksForMuchAndReadsNothing_HoldsOneValue()
    {
        var member = await StartAsync();
        Assert.Equal(200, (await member.PutAsync(Large, new byte[LargeBytes])).Status);
        using var flood = await RunAsync(member, reads: false, at => at < Readers ? [.. Get(at, Large), .. Window(0), .. Window(IdOf(at))] : Cheap(FrameKind.Ping));
        await ServesOthersAsync(member, flood, MostBytes);
    }

    private async Task<Member> StartAsync()
    {
        var member = Scene.AddMember("node01", TestCluster.SmallFiles).Start();
        await member.ReadyAsync();
        return member;
    }

    private static async Task<RunningFlood> RunAsync(Member member, bool reads, Func<int, byte[]> frames) =>
        new(await RawHttp2.ConnectAsync(member, reads), frames, FramesAtOnce);

    private static async Task ServesOthersAsync(Member member, RunningFlood flood, long mostBytes)
    {
        var (before, most) = (ResidentBytes(member), 0L);
        for (var write = 0; write < Writes; write++)
        {
            Assert.Equal(200, (await member.PutAsync("/key/other", "x")).Status);
            most = Math.Max(most, ResidentBytes(member));
        }

        Assert.True(member.IsRunning, member.LastLine);
        Print(string.Create(CultureInfo.InvariantCulture, $"{flood.Sent} times sent, {before >> 20} to {most >> 20} MiB"));
        Assert.True(most < StartBytes + mostBytes, $"the member has {most >> 20} MiB");
    }

    private static long ResidentBytes(Member member)
    {
        using var process = System.Diagnostics.Process.GetProcessById(member.Process!.Id);
        return process.WorkingSet64;
    }

    private static int IdOf(int at) => (2 * at) + 1;

    private static byte[] Get(int at, string path) => Frame(FrameKind.Headers, EndHeaders | EndStream, IdOf(at), GetHeaders(path));

    private static byte[] OpenWatch(int at) => Frame(FrameKind.Headers, EndHeaders, IdOf(at), CallHeaders(Watch));

    private static byte[] Window(int stream) => Frame(FrameKind.WindowUpdate, 0, stream, 0, 0x10, 0, 0);

    private static byte[] Cheap(FrameKind kind) => kind switch
    {
        FrameKind.Settings => Frame(kind, 0, stream: 0),
        FrameKind.Ping => Frame(kind, 0, stream: 0, 1, 2, 3, 4, 5, 6, 7, 8),
        FrameKind.Data => Frame(kind, 0, IdOf(0)),
        FrameKind.Priority => Frame(kind, 0, IdOf(0), 0, 0, 0, 0, 1),
        _ => Frame(kind, 0, stream: 0, 0, 0, 0, 1),
    };

    /// <summary>Sends on and on, as fast as the member takes it.</summary>
    private sealed class RunningFlood : IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _sending;

        public RunningFlood(RawHttp2 connection, Func<int, byte[]> frames, int atOnce)
        {
            Connection = connection;
            _sending = Task.Run(() => SendAsync(frames, atOnce));
        }

        public RawHttp2 Connection { get; }

        public int Sent { get; private set; }

        /// <summary>The member closes the connection.</summary>
        public async Task EndAsync(string why) => Assert.True(await Task.WhenAny(_sending, Task.Delay(Limit, TestContext.Current.CancellationToken)) == _sending, $"not within {Limit}: {why}");

        public void Dispose()
        {
            _stop.Cancel();
            _sending.Wait();
            Connection.Dispose();
            _stop.Dispose();
        }

        private async Task SendAsync(Func<int, byte[]> frames, int atOnce)
        {
            try
            {
                for (; !_stop.IsCancellationRequested; Sent += atOnce)
                {
                    await Connection.SendAsync(Enumerable.Range(Sent, atOnce).SelectMany(frames).ToArray(), _stop.Token);
                }
            }
            catch (Exception end) when (end is SocketException or OperationCanceledException)
            {
                // Ended, by either side.
            }
        }
    }
}
