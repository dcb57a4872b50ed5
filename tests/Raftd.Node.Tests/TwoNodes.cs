using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>A founder that leads and a second voter, in this process and on loopback. Without one of them there is no
/// majority: what the other appends stays uncommitted.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("raftd-two-");
    private readonly NodeOptions _firstOptions;
    private readonly NodeOptions _secondOptions;
    private RaftdNode? _first;
    private RaftdNode? _second;

    private TwoNodes(TimeSpan requestTimeLimit, TimeSpan secondsElectionTimeout)
    {
        _firstOptions = OptionsOf("first", requestTimeLimit, ElectionTimeout);
        _secondOptions = OptionsOf("second", requestTimeLimit, secondsElectionTimeout);
    }

    /// <summary>Of the founder.</summary>
    public static TimeSpan ElectionTimeout { get; } = TimeSpan.FromSeconds(1);

    /// <summary>Leads while both are up and nothing else was asked for.</summary>
    public RaftdNode First => _first!;

    public RaftdNode Second => _second!;

    public ulong SecondId { get; private set; }

    public static async Task<TwoNodes> StartAsync(TimeSpan requestTimeLimit, TimeSpan secondsElectionTimeout)
    {
        var nodes = new TwoNodes(requestTimeLimit, secondsElectionTimeout);
        await nodes.StartFirstAsync();
        await UntilAsync("the founder leads", () => nodes.First.Cluster.IsLeader);
        await nodes.JoinAsync();
        return nodes;
    }

    /// <summary>As a kill would: nothing is handed over.</summary>
    public async Task StopFirstAsync()
    {
        await First.DisposeAsync();
        _first = null;
    }

    public async Task StartFirstAsync()
    {
        _first = new RaftdNode(_firstOptions, NullLoggerFactory.Instance);
        await _first.StartAsync(CancellationToken.None);
    }

    public async Task StopSecondAsync()
    {
        await Second.DisposeAsync();
        _second = null;
    }

    public async Task StartSecondAsync()
    {
        _second = new RaftdNode(_secondOptions, NullLoggerFactory.Instance);
        await _second.StartAsync(CancellationToken.None);
    }

    /// <summary>What the second keeps of who it is.</summary>
    public IdentityFile SecondsIdentity => new(new PosixFileSystem(), _secondOptions.DataDirectory);

    public string FirstsPeerAddress => _firstOptions.AdvertisedPeerAddress;

    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"not within {Patience}: {what}");
            await Task.Delay(LookAgain);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_second is not null)
        {
            await _second.DisposeAsync();
        }

        if (_first is not null)
        {
            await _first.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    /// <summary>As a start with -join does it, but for the way to the leader, and until it votes.</summary>
    private async Task JoinAsync()
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, _secondOptions.DataDirectory);
        var file = new IdentityFile(files, _secondOptions.DataDirectory);
        var identity = file.Begin(_secondOptions.Label);
        var request = new JoinRequest
        {
            Label = _secondOptions.Label,
            HttpAddress = _secondOptions.AdvertisedHttpAddress,
            PeerAddress = _secondOptions.AdvertisedPeerAddress,
            Instance = identity.Instance,
            FeatureLevel = RaftdNode.NewestFeatureLevel,
        };
        JoinResponse? answered = null;
        await UntilAsync("the first takes the second in", async () => (answered = await TryJoinAsync(request)) is not null);
        var joined = answered!;
        SecondId = joined.MemberId;
        file.Save(identity with
        {
            ClusterId = joined.ClusterId,
            MemberId = joined.MemberId,
            Generator = joined.Generator,
            KnownMembers = [.. First.Member!.Replica.Status.Members.Members],
        });
        await StartSecondAsync();
        await UntilAsync("the second votes", () => Second.Cluster.Status().Role == MemberRole.Follower);
    }

    /// <returns>Null for another attempt: the limit of a request may be short, and the machine busy.</returns>
    private async Task<JoinResponse?> TryJoinAsync(JoinRequest request)
    {
        try
        {
            return await First.Cluster.JoinAsync(request, CancellationToken.None);
        }
        catch (StoreException notYet) when (
            notYet.Code is ErrorCode.UnknownOutcome or ErrorCode.NotReady or ErrorCode.NoLeader)
        {
            return null;
        }
    }

    private NodeOptions OptionsOf(string label, TimeSpan requestTimeLimit, TimeSpan electionTimeout)
    {
        var port = FreePort();
        return new NodeOptions
        {
            DataDirectory = Path.Combine(_directory.FullName, label),
            Label = label,
            AdvertisedHttpAddress = $"127.0.0.1:{FreePort()}",
            AdvertisedPeerAddress = $"127.0.0.1:{port}",
            PeerEndPoint = new IPEndPoint(IPAddress.Loopback, port),
            Join = [],
            ElectionTimeout = electionTimeout,
            RequestTimeLimit = requestTimeLimit,
            Version = "test",
        };
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
