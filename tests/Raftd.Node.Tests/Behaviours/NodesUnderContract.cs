using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.Testing;

namespace Raftd.Node.Tests.Behaviours;

/// <summary>Two members in this process, on loopback.</summary>
public sealed class NodesUnderContract : IContractCluster, IAsyncLifetime
{
    private TwoNodes _nodes = null!;

    public int Count => 2;

    public async ValueTask InitializeAsync() =>
        _nodes = await TwoNodes.StartAsync(requestTimeLimit: TimeSpan.FromSeconds(20), secondsElectionTimeout: TwoNodes.ElectionTimeout);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    public async Task<long?> PutAsync(int member, string key, string value, long? ifRevision = null)
    {
        var condition = ifRevision is { } revision ? new Precondition { ModRevisions = [revision] } : null;
        var answer = await Node(member).KeyValues.PutAsync(
            Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value), Condition = condition }, CancellationToken.None);
        return answer.Succeeded ? answer.Revision : null;
    }

    public async Task<ContractRead> ReadAsync(int member, string key, long revision = 0)
    {
        try
        {
            var answer = await Node(member).KeyValues.RangeAsync(
                Caller.Nobody, new RangeRequest { Key = Bytes(key), Revision = revision }, CancellationToken.None);
            return new ContractRead(answer.Items.Count == 0 ? null : Encoding.UTF8.GetString(answer.Items[0].Value.Span));
        }
        catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
        {
            return new ContractRead(null, IsCompacted: true);
        }
    }

    public async Task DeleteAsync(int member, string key) => Assert.Equal(
        1, (await Node(member).KeyValues.DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = Bytes(key) }, CancellationToken.None)).Deleted);

    public async Task CompactAsync(int member, long revision) =>
        await Node(member).KeyValues.CompactAsync(Caller.Nobody, new CompactRequest { Revision = revision }, CancellationToken.None);

    public async Task<long> GrantAsync(int member, string name, int ttlSeconds) => (await Node(member).Leases.GrantAsync(
        Caller.Nobody, new LeaseGrantRequest { Name = name, TtlSeconds = ttlSeconds }, CancellationToken.None)).Id;

    public async Task<string> KeepAliveAsync(int member, long lease, string name, string key, string value)
    {
        await Node(member).Leases.KeepAliveAsync(
            Caller.Nobody, new LeaseKeepAliveRequest { Id = lease, Key = Bytes(key), Data = Bytes(value) }, CancellationToken.None);
        return string.Create(CultureInfo.InvariantCulture, $"{name}/{lease}/{key}");
    }

    public async Task RevokeAsync(int member, long lease) => await Node(member).Leases.RevokeAsync(Caller.Nobody, lease, CancellationToken.None);

    public async Task<int> LeaderAsync()
    {
        await Until.TrueAsync("a member leads", () => _nodes.First.Cluster.IsLeader || _nodes.Second.Cluster.IsLeader);
        return _nodes.First.Cluster.IsLeader ? 0 : 1;
    }

    public async Task HandOverAsync(int to) =>
        await Node(to).Cluster.TransferLeadershipAsync(Caller.Nobody, Node(to).Cluster.Status().MemberId, CancellationToken.None);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private RaftdNode Node(int member) => member == 0 ? _nodes.First : _nodes.Second;
}
