using System.Security.Cryptography;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests;

/// <summary>Any member answers any request: by itself, by asking the leader, or by sending the client there.</summary>
public sealed class ForwardTests(SharedCluster shared) : SharedClusterTest(shared)
{
    [Fact]
    public async Task FileOfThreeMegabytes_PutThroughOneMember_IsTheSameFromAll()
    {
        var bytes = RandomNumberGenerator.GetBytes(3 << 20);
        var file = Scene.PathOf("three-megabytes");
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        var follower = await Cluster.FollowerAsync();

        var put = await Scene.ShellAsync($"curl -sS -f -X PUT {follower.Address}/key/test -T {file}");
        Assert.True(put is { Code: 0, Output: "" }, put.ToString());

        foreach (var member in Cluster.Members)
        {
            var get = await Scene.ShellAsync($"curl -sS -f {member.Address}/key/test");
            Assert.True(bytes.AsSpan().SequenceEqual(get.Bytes), $"{member.Label} answers {get.Bytes.Length} other bytes; {get.Error}");
        }
    }

    [Fact]
    public async Task Follower_AskedToRedirect_NamesTheLeaderForCurlToFollow()
    {
        var leader = await Cluster.LeaderAsync();
        var follower = await Cluster.FollowerAsync();

        var answer = await follower.PutAsync("/key/re/%2Fd?redirect=1&prev=1", "x");
        Assert.Equal((307, $"http://{leader.Address}/key/re/%2Fd?redirect=1&prev=1"), (answer.Status, answer.Header("Location")));

        var put = await Scene.ShellAsync(
            $"echo -n followed | curl -sS -f -L -T - -w '%{{http_code}} %{{num_redirects}} %{{remote_port}}' '{follower.Address}/key/redirected?redirect=1'");
        Assert.Equal($"200 1 {leader.HttpPort}", put.Output);
        Assert.Equal("followed", (await follower.GetAsync("/key/redirected")).Text);

        // A stale read asks this member, and the leader has no member to send to.
        Assert.Equal(200, (await follower.GetAsync("/key/redirected?redirect=1&level=stale")).Status);
        Assert.Equal(200, (await leader.GetAsync("/key/redirected?redirect=1")).Status);
    }

    [Fact]
    public async Task MemberThatRedirectsByDefault_SendsWritesAndReads_AndForwardsWhenAsked()
    {
        var leader = await Cluster.LeaderAsync();
        var guest = Scene.AddMember("redirecting", [.. TestCluster.SmallFiles, "-redirect"]);
        guest.Join = leader.Address;
        await guest.Start().ReadyAsync();
        Assert.Equal((307, $"http://{leader.Address}/key/r"), await LocationAsync("/key/r"));
        Assert.Equal((307, $"http://{leader.Address}/key/r?level=default"), await LocationAsync("/key/r?level=default"));
        Assert.Equal("307 200", (await Scene.ShellAsync(
            $"for l in '' -L; do curl -sS $l -o /dev/null -X PUT -d x -w '%{{http_code}} ' {guest.Address}/key/r; done")).Output.TrimEnd());
        Assert.Equal(200, (await guest.PutAsync("/key/r?redirect=0", "forwarded")).Status);
        Assert.Equal("forwarded", (await leader.GetAsync("/key/r")).Text);

        Assert.Equal(200, (await leader.SendAsync(HttpMethod.Delete, "/members/redirecting")).Status);
        await guest.EndAsync();

        async Task<(int, string?)> LocationAsync(string target)
        {
            var answer = await guest.GetAsync(target);
            return (answer.Status, answer.Header("Location"));
        }
    }

    [Fact]
    public async Task BadRequests_AreRefusedWithTheirReason_ByEveryMember()
    {
        foreach (var member in Cluster.Members)
        {
            var id = (await member.PostAsync("/lease/grant?ttl=60&name=/bad")).Text;
            Assert.Equal((400, "bad_request"), await CurlAsync($"{member.Address}/key/%zz"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"{member.Address}/key/a?nonsense=1"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/{id} -d data=x"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/{id} -d key=meta -d data=x"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/{id} -d key=%zz -d data=x"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/{id} -d ky=a"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/seven"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/lease/kv/nodeinfo"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST '{member.Address}/lease/grant?ttl=0&name=a'"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST '{member.Address}/lease/grant?ttl=10'"));
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X POST {member.Address}/join -d nonsense"));
            Assert.Equal((404, "not_found"), await CurlAsync($"-X POST {member.Address}/lease/keepalive/7777777"));
            Assert.Equal((404, "not_found"), await CurlAsync($"-X POST {member.Address}/lease/revoke/7777777"));
            Assert.Equal((404, "not_found"), await CurlAsync($"{member.Address}/lease/timetolive/7777777"));
            Assert.Equal((404, "not_found"), await CurlAsync($"-X DELETE {member.Address}/members/no-such"));
            Assert.Equal((404, "not_found"), await CurlAsync($"-X POST {member.Address}/members/7777777/promote"));
            Assert.Equal((404, "not_found"), await CurlAsync($"-X PUT '{member.Address}/key/a?lease=7777777' -d x"));
            Assert.Equal((404, "not_found"), await CurlAsync($"{member.Address}/key/never-written"));
            Assert.Equal((405, "method_not_allowed"), await CurlAsync($"-X PATCH {member.Address}/key/a"));
        }
    }

    [Fact]
    public async Task Put_TooLargeAKeyOrBody_IsRefusedAndStoresNothing()
    {
        var file = Scene.PathOf("too-large");
        await File.WriteAllBytesAsync(file, new byte[(4 << 20) + 1], TestContext.Current.CancellationToken);
        foreach (var member in Cluster.Members)
        {
            Assert.Equal((413, "too_large"), await CurlAsync($"-T {file} {member.Address}/key/too-large"));
            Assert.Equal((413, "too_large"), await CurlAsync($"-H 'Transfer-Encoding: chunked' -T {file} {member.Address}/key/too-large"));
            Assert.Equal((404, "not_found"), await CurlAsync($"{member.Address}/key/too-large"));
            Assert.Equal(200, (await member.PutAsync("/key/" + new string('k', 4096), "x")).Status);
            Assert.Equal((400, "bad_request"), await CurlAsync($"-X PUT -d x {member.Address}/key/{new string('k', 4097)}"));
        }
    }

    [Fact]
    public async Task Garbage_OnBothPorts_HarmsNoMember()
    {
        var terms = (await Cluster.LeaderAsync(), (await Cluster[0].StatusAsync()).Term);
        foreach (var member in Cluster.Members)
        {
            foreach (var port in (int[])[member.HttpPort, member.RaftPort])
            {
                // Noise; a preface of HTTP/2 and noise; plain HTTP/1.1; nothing.
                foreach (var sent in (string[])["head -c 200000 /dev/urandom", "{ printf 'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n'; head -c 100000 /dev/urandom; }", "printf 'GET / HTTP/1.1\\r\\n\\r\\n'", ":"])
                {
                    await Scene.ShellAsync($"exec 3<>/dev/tcp/127.0.0.1/{port} && {sent} >&3; timeout 0.3 cat <&3 >/dev/null; :");
                }
            }

            // Well-formed requests of a caller that is no member.
            foreach (var path in (string[])["/", "/raft/entries", "/raft/control", "/raft/snapshot"])
            {
                await Scene.ShellAsync($"head -c 100000 /dev/urandom | timeout 5 curl -s --http2-prior-knowledge -X POST --data-binary @- {member.Address[..^member.HttpPort.ToString(System.Globalization.CultureInfo.InvariantCulture).Length]}{member.RaftPort}{path}");
            }
        }

        Assert.All(Cluster.Members, member => Assert.True(member.IsRunning));
        Assert.Equal(200, (await Cluster[1].PutAsync("/key/after-garbage", "x")).Status);
        Assert.Equal(terms, (await Cluster.LeaderAsync(), (await Cluster[0].StatusAsync()).Term));
    }

    /// <returns>The status, and the name of the error in the body.</returns>
    private async Task<(int Status, string? Code)> CurlAsync(string words)
    {
        var result = await Scene.ShellAsync($"curl -sS -w '\\n%{{http_code}}' {words}");
        var lines = result.Output.Split('\n');
        Assert.True(result.Code == 0, $"curl {words[..Math.Min(words.Length, 200)]}: {result}");
        var answer = new Answer(int.Parse(lines[^1], System.Globalization.CultureInfo.InvariantCulture), null!, result.Bytes[..^(lines[^1].Length + 1)]);
        Assert.True(answer.Status < 400 || answer.Code is not null, answer.Text);
        return (answer.Status, answer.Code);
    }
}
