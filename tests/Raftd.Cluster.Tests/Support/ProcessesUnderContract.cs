using System.Globalization;
using System.Net.Http.Headers;
using Raftd.Node.Tests.Behaviours;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Members in processes of their own, by the routes that docs/rest.md promises.</summary>
internal sealed class ProcessesUnderContract(TestCluster cluster) : IContractCluster
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public int Count => cluster.Members.Count;

    public async Task<long?> PutAsync(int member, string key, string value, long? ifRevision = null)
    {
        Action<HttpRequestHeaders>? condition = ifRevision is { } revision
            ? headers => headers.Add("If-Match", string.Create(CultureInfo.InvariantCulture, $"\"{revision}\""))
            : null;
        var answer = await cluster[member].SendAsync(
            HttpMethod.Put, $"/key/{key}", System.Text.Encoding.UTF8.GetBytes(value), headers: condition);
        if (answer.Status == 412)
        {
            return null;
        }

        Require(answer);
        return long.Parse(answer.Header("ETag")!.Trim('"'), CultureInfo.InvariantCulture);
    }

    public async Task<ContractRead> ReadAsync(int member, string key, long revision = 0)
    {
        var at = revision == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"?rev={revision}");
        var answer = await cluster[member].GetAsync($"/key/{key}{at}");
        if (answer.Status is 404 or 410)
        {
            return new ContractRead(null, IsCompacted: answer.Status == 410);
        }

        Require(answer);
        return new ContractRead(answer.Text);
    }

    public async Task DeleteAsync(int member, string key)
    {
        var answer = await cluster[member].SendAsync(HttpMethod.Delete, $"/key/{key}");
        Require(answer);
        Assert.Equal("1", answer.Header("X-Raftd-Deleted"));
    }

    public async Task CompactAsync(int member, long revision) =>
        Require(await cluster[member].PostAsync(string.Create(CultureInfo.InvariantCulture, $"/compact?rev={revision}")));

    public async Task<long> GrantAsync(int member, string name, int ttlSeconds)
    {
        var answer = await cluster[member].PostAsync(string.Create(CultureInfo.InvariantCulture, $"/lease/grant?ttl={ttlSeconds}&name={name}"));
        Require(answer);
        return long.Parse(answer.Text, CultureInfo.InvariantCulture);
    }

    public async Task<string> KeepAliveAsync(int member, long lease, string name, string key, string value)
    {
        var id = lease.ToString(CultureInfo.InvariantCulture);
        Require(await cluster[member].PostAsync($"/lease/keepalive/{id}", ("key", key), ("data", value)));
        return $"{name}/{id}/{key}";
    }

    public async Task RevokeAsync(int member, long lease) =>
        Require(await cluster[member].PostAsync(string.Create(CultureInfo.InvariantCulture, $"/lease/revoke/{lease}")));

    public async Task<int> LeaderAsync() => cluster.Members.IndexOf(await cluster.LeaderAsync());

    public async Task HandOverAsync(int to)
    {
        // 504 where the member has not caught up within an election timeout, as on a busy machine.
        await Until.TrueAsync("leadership is handed over", Limit, async () =>
            (await cluster[to].PostAsync($"/leader/transfer?to={cluster[to].Label}")).Status == 200);
    }

    private static void Require(Answer answer) => Assert.True(answer.Status == 200, answer.ToString());
}
