using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Testing;

namespace Raftd.Node.Tests;

/// <summary>The first member of a cluster, on a directory that a restore or a recovery has made.</summary>
internal static class FirstNode
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Of a member that no other joins.</summary>
    public static NodeOptions Options(string dataDirectory, string label) => new()
    {
        DataDirectory = dataDirectory,
        Label = label,
        AdvertisedHttpAddress = "127.0.0.1:1",
        AdvertisedPeerAddress = "127.0.0.1:1",
        PeerEndPoint = new IPEndPoint(IPAddress.Loopback, 0),
        Join = [],
        Version = "test",
    };

    /// <returns>Leads.</returns>
    public static async Task<RaftdNode> StartAsync(string dataDirectory, string label)
    {
        var node = new RaftdNode(Options(dataDirectory, label), NullLoggerFactory.Instance);
        await node.StartAsync(Stop);
        await Until.TrueAsync("the first member leads", () => node.Cluster.IsLeader);
        return node;
    }

    public static async Task<string?> GetAsync(this RaftdNode node, string key, long revision = 0)
    {
        var request = new RangeRequest { Key = Encoding.UTF8.GetBytes(key), Revision = revision };
        var answer = await node.KeyValues.RangeAsync(Caller.Nobody, request, Stop);
        return answer.Items.Count == 0 ? null : Encoding.UTF8.GetString(answer.Items[0].Value.Span);
    }

    public static async Task<long> PutAsync(this RaftdNode node, string key, string value)
    {
        var request = new PutRequest { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(value) };
        return (await node.KeyValues.PutAsync(Caller.Nobody, request, Stop)).Revision;
    }
}
