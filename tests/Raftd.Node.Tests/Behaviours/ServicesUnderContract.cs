using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.Testing;

namespace Raftd.Node.Tests.Behaviours;

/// <summary>Members in this process, asked by the services that the REST face stands on.</summary>
public abstract class ServicesUnderContract : IContractCluster
{
    public abstract int Count { get; }

    protected abstract IKeyValueService Keys(int member);

    protected abstract ILeaseService Leases(int member);

    protected abstract IClusterService Members(int member);

    public async Task<long?> PutAsync(int member, string key, string value, long? ifRevision = null)
    {
        var condition = ifRevision is { } revision ? new Precondition { ModRevisions = [revision] } : null;
        var answer = await Keys(member).PutAsync(
            Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value), Condition = condition }, CancellationToken.None);
        return answer.Succeeded ? answer.Revision : null;
    }

    public async Task<ContractRead> ReadAsync(int member, string key, long revision = 0)
    {
        try
        {
            var answer = await Keys(member).RangeAsync(
                Caller.Nobody, new RangeRequest { Key = Bytes(key), Revision = revision }, CancellationToken.None);
            return new ContractRead(answer.Items.Count == 0 ? null : Encoding.UTF8.GetString(answer.Items[0].Value.Span));
        }
        catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
        {
            return new ContractRead(null, IsCompacted: true);
        }
    }

    public async Task DeleteAsync(int member, string key) => Assert.Equal(
        1, (await Keys(member).DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = Bytes(key) }, CancellationToken.None)).Deleted);

    public async Task CompactAsync(int member, long revision) =>
        await Keys(member).CompactAsync(Caller.Nobody, new CompactRequest { Revision = revision }, CancellationToken.None);

    public async Task<long> GrantAsync(int member, string name, int ttlSeconds) => (await Leases(member).GrantAsync(
        Caller.Nobody, new LeaseGrantRequest { Name = name, TtlSeconds = ttlSeconds }, CancellationToken.None)).Id;

    public async Task<string> KeepAliveAsync(int member, long lease, string name, string key, string value)
    {
        await Leases(member).KeepAliveAsync(
            Caller.Nobody, new LeaseKeepAliveRequest { Id = lease, Key = Bytes(key), Data = Bytes(value) }, CancellationToken.None);
        return string.Create(CultureInfo.InvariantCulture, $"{name}/{lease}/{key}");
    }

    public async Task RevokeAsync(int member, long lease) => await Leases(member).RevokeAsync(Caller.Nobody, lease, CancellationToken.None);

    public async Task<int> LeaderAsync()
    {
        var all = Enumerable.Range(0, Count).ToList();
        // One that was deposed may not have heard of it yet.
        await Until.TrueAsync("one member leads", () => all.FindAll(member => Members(member).IsLeader).Count == 1);
        return all.First(member => Members(member).IsLeader);
    }

    public async Task HandOverAsync(int to) =>
        await Members(to).TransferLeadershipAsync(Caller.Nobody, Members(to).Status().MemberId, CancellationToken.None);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
