using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>A founder that leads and a second voter, in this process and on loopback. Without one of them there is no
/// majority: what the other appends stays uncommitted.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
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
        await Until.TrueAsync("the founder leads", () => nodes.First.Cluster.IsLeader);
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

        _directory.Dispose();
    }

    private async Task JoinAsync()
    {
        SecondId = (await Joining.JoinAsync(First, _secondOptions)).MemberId;
        await StartSecondAsync();
        await Until.TrueAsync("the second votes", () => Second.Group.GroupStatus().Role == MemberRole.Follower);
    }

    private NodeOptions OptionsOf(string label, TimeSpan requestTimeLimit, TimeSpan electionTimeout)
    {
        var port = Ports.Free();
        return new NodeOptions
        {
            DataDirectory = _directory.At(label),
            Label = label,
            AdvertisedHttpAddress = $"127.0.0.1:{Ports.Free()}",
            AdvertisedPeerAddress = $"127.0.0.1:{port}",
            PeerEndPoint = new IPEndPoint(IPAddress.Loopback, port),
            Join = [],
            ElectionTimeout = electionTimeout,
            RequestTimeLimit = requestTimeLimit,
            Version = "test",
        };
    }
}
