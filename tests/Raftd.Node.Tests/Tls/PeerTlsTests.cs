using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Peers.Http;
using Raftd.Testing;
using Raftd.Testing.Disks;
using Raftd.Testing.Processes;
using Raftd.Testing.Tls;
using Raftd.Tls;

namespace Raftd.Node.Tests.Tls;

/// <summary>Members that speak TLS with each other, on loopback, and callers that should not get in.</summary>
public sealed class PeerTlsTests : IAsyncDisposable
{
    private readonly CertificateFolder _certificates = new();
    private readonly TemporaryDirectory _data = new();
    private readonly List<RaftdNode> _nodes = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Enumerable.Reverse(_nodes))
        {
            await node.DisposeAsync();
        }

        _data.Dispose();
        _certificates.Dispose();
    }

    [Fact]
    public async Task ThreeMembers_WithCertificatesOfOneCa_AreACluster()
    {
        var founder = await StartAsync(OptionsOf("n1", Identity("n1")));
        await Until.TrueAsync("the founder leads", () => founder.Cluster.IsLeader);
        foreach (var label in (string[])["n2", "n3"])
        {
            var options = OptionsOf(label, Identity(label));
            await Joining.JoinAsync(founder, options);
            var joined = await StartAsync(options);
            await Until.TrueAsync($"{label} votes", () => joined.Group.GroupStatus().Role == MemberRole.Follower);
        }

        // Forwarded, replicated, and read there: each over a stream of its own.
        await _nodes[2].KeyValues.PutAsync(
            Caller.Nobody, new PutRequest { Key = "a"u8.ToArray(), Value = "over TLS"u8.ToArray() }, CancellationToken.None);
        var read = await _nodes[1].KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = "a"u8.ToArray() }, CancellationToken.None);
        Assert.Equal("over TLS", Encoding.UTF8.GetString(Assert.Single(read.Items).Value.Span));
        Assert.StartsWith("https://", _nodes[1].Cluster.LeaderUrl, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Caller_WithoutACertificateOfTheCa_IsRefused()
    {
        var options = OptionsOf("n1", Identity("n1"));
        await StartAsync(options);
        using var other = new CertificateFolder();

        // It trusts the member, and shows a certificate of another CA.
        other.Write(other.Issue());
        File.WriteAllText(other.At("ca.crt"), _certificates.Authority.Files.Certificate);
        var stranger = TlsIdentity.Open(other.Files(asksForCertificates: true), TimeProvider.System, NullLogger.Instance);
        Assert.Contains("not of the CA that is trusted here", await CallAsync(options, stranger), StringComparison.Ordinal);

        // A member's own certificate is let in as far as the door, which does not know it.
        Assert.DoesNotContain("certificate", await CallAsync(options, Identity("n2")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallerInClearText_IsToldThatThePortSpeaksTls()
    {
        var options = OptionsOf("n1", Identity("n1"));
        await StartAsync(options);
        Assert.Contains("this port speaks TLS", await CallAsync(options, tls: null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callee_WhoseCertificateNamesAnotherHost_IsRefusedByItsCaller()
    {
        _certificates.Write(_certificates.Issue(hosts: ["n1.example.org"]), "n1");
        var options = OptionsOf("n1", TlsIdentity.Open(_certificates.Files(asksForCertificates: true, "n1"), TimeProvider.System, NullLogger.Instance));
        await StartAsync(options);
        Assert.Equal(
            "TLS to 127.0.0.1 failed: its certificate does not name 127.0.0.1; it names n1.example.org",
            await CallAsync(options, Identity("n2")));
    }

    [Fact]
    public async Task Callee_OfAnotherCa_IsRefusedByItsCaller()
    {
        using var other = new CertificateFolder();
        var options = OptionsOf("n1", other.Identity(asksForCertificates: true));
        await StartAsync(options);
        Assert.Equal(
            "TLS to 127.0.0.1 failed: its certificate is not of the CA that is trusted here", await CallAsync(options, Identity("n2")));
    }

    [Fact]
    public async Task Callee_InClearText_IsNamedByItsCallersReason()
    {
        var options = OptionsOf("n1", tls: null);
        await StartAsync(options);
        Assert.StartsWith("TLS failed: ", await CallAsync(options, Identity("n2")), StringComparison.Ordinal);
    }

    private TlsIdentity Identity(string name) => _certificates.Identity(asksForCertificates: true, name);

    private async Task<RaftdNode> StartAsync(NodeOptions options)
    {
        var node = new RaftdNode(options, NullLoggerFactory.Instance);
        _nodes.Add(node);
        await node.StartAsync(CancellationToken.None);
        return node;
    }

    private NodeOptions OptionsOf(string label, TlsIdentity? tls)
    {
        var port = Ports.Free();
        return new NodeOptions
        {
            DataDirectory = _data.At(label),
            Label = label,
            AdvertisedHttpAddress = $"127.0.0.1:{Ports.Free()}",
            AdvertisedPeerAddress = $"127.0.0.1:{port}",
            PeerEndPoint = new IPEndPoint(IPAddress.Loopback, port),
            PeerTls = tls,
            JoinTls = tls,
            Join = [],
            RequestTimeLimit = TimeSpan.FromSeconds(20),
            Version = "test",
        };
    }

    /// <returns>Why the stream ended.</returns>
    private static async Task<string> CallAsync(NodeOptions callee, TlsIdentity? tls)
    {
        var handshake = new PeerHandshake(ClusterId: 1, From: 2, To: 3, FromLabel: "n2", ToLabel: "n1");
        var caller = new EndedStream();
        await using var wire = new HttpPeerWire(tls, TimeProvider.System, failure => caller.Closed(failure.ToString()));
        wire.Open(callee.AdvertisedPeerAddress, PeerPaths.Control, handshake, caller);
        return await caller.Reason.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Sends nothing, and remembers the first reason for its end.</summary>
    private sealed class EndedStream : IOutgoingStream
    {
        private readonly TaskCompletionSource<string> _reason = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Reason => _reason.Task;

        public void Opened() => Closed("it was opened");

        public void Refused(int status, string reason) => Closed(reason);

        public WireOutput Take() => WireOutput.Nothing;

        public bool Receive(ReadOnlySpan<byte> bytes) => true;

        public void Finished()
        {
        }

        public void Closed(string reason) => _reason.TrySetResult(reason);
    }
}
