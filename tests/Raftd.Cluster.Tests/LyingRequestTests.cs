using System.Text;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>Requests that lie about where they come from, or whom they speak for, to members as they are started.</summary>
public sealed class LyingRequestTests(SharedCluster shared) : SharedClusterTest(shared)
{
    [Fact]
    public async Task Request_ForeignHostOrOrigin_IsRefusedByEveryMember()
    {
        foreach (var member in Cluster.Members)
        {
            var rebound = await member.SendAsync(HttpMethod.Get, "/status", headers: headers => headers.Host = "evil.example");
            Assert.Equal((403, "forbidden"), (rebound.Status, rebound.Code));
            Assert.Contains("-allowed-hosts", rebound.Text, StringComparison.Ordinal);

            var foreign = await member.SendAsync(
                HttpMethod.Put, "/key/lied", [1], headers: headers => headers.Add("Origin", "http://evil.example"));
            Assert.Equal((403, "forbidden"), (foreign.Status, foreign.Code));
            Assert.Equal(404, (await member.GetAsync("/key/lied")).Status);

            // Its own name, without asking DNS.
            var own = System.Net.Dns.GetHostName();
            Assert.Equal(200, (await member.SendAsync(HttpMethod.Get, "/status", headers: headers => headers.Host = own)).Status);
        }
    }

    [Fact]
    public async Task Join_InTheNameOfAMember_MovesItNowhere()
    {
        var before = (await Cluster[0].GetAsync("/members")).Text;
        var follower = await Cluster.FollowerAsync();
        var elsewhere = Encoding.UTF8.GetBytes("""{"id":"node02","httpAddr":"192.0.2.1:7200","raftAddr":"192.0.2.1:8200"}""");
        var moved = await follower.SendAsync(HttpMethod.Post, "/join", elsewhere);
        Assert.Equal((409, "conflict"), (moved.Status, moved.Code));
        var wildcard = Encoding.UTF8.GetBytes("""{"id":"node04","httpAddr":"192.0.2.1:7200","raftAddr":"0.0.0.0:8200"}""");
        var added = await follower.SendAsync(HttpMethod.Post, "/join", wildcard);
        Assert.Equal((400, "bad_request"), (added.Status, added.Code));
        Assert.Equal(before, (await Cluster[0].GetAsync("/members")).Text);
    }
}
