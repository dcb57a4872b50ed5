using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>The table of errors, redirects, and what the framework refuses by itself.</summary>
public sealed class ErrorTests
{
    [Theory]
    [InlineData(ErrorCode.BadRequest, 400, "bad_request")]
    [InlineData(ErrorCode.FutureRevision, 400, "bad_request")]
    [InlineData(ErrorCode.Unauthenticated, 401, "unauthenticated")]
    [InlineData(ErrorCode.NotFound, 404, "not_found")]
    [InlineData(ErrorCode.LevelTooLow, 409, "level_too_low")]
    [InlineData(ErrorCode.Conflict, 409, "conflict")]
    [InlineData(ErrorCode.Compacted, 410, "compacted")]
    [InlineData(ErrorCode.TooLarge, 413, "too_large")]
    [InlineData(ErrorCode.NoSpace, 507, "no_space")]
    [InlineData(ErrorCode.TooManyRequests, 429, "too_many_requests")]
    [InlineData(ErrorCode.NoLeader, 503, "no_leader")]
    [InlineData(ErrorCode.NotReady, 503, "not_ready")]
    [InlineData(ErrorCode.UnknownOutcome, 504, "unknown_outcome")]
    public async Task StoreFailure_OfEachCode_BecomesItsRowOfTheTable(ErrorCode failure, int status, string code)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        host.Store.Failure = new StoreException(failure, "what <happened>", "what to do", "http://leader:1");
        foreach (var target in new[] { "/key/a", "/lease/timetolive/1", "/members" })
        {
            var answer = RawHttp.Send(host, "GET", target);
            Assert.Equal(status, answer.Status);
            Assert.Equal(
                $$"""{"error":"what <happened>","code":"{{code}}","hint":"what to do","leader":"http://leader:1"}""",
                answer.Text);
            Assert.Equal("application/json", answer.Header("Content-Type"));
            Assert.Equal(status is 429 or 503 ? "1" : null, answer.Header("Retry-After"));
            Assert.Equal(target != "/members", answer.Header("X-Raftd-Revision") is not null);
        }
    }

    [Fact]
    public void ErrorCode_EveryOne_HasARow() => Assert.All(
        Enum.GetValues<ErrorCode>(), code => Assert.NotEqual(500, ApiError.From(new StoreException(code, "")).Status));

    [Fact]
    public async Task Get_RevisionCompactedAway_Is410()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        RawHttp.Send(host, "PUT", "/key/a", body: [1]);
        RawHttp.Send(host, "PUT", "/key/a", body: [2]);
        host.Store.Compact(3);
        Assert.Equal(410, RawHttp.Send(host, "GET", "/key/a?rev=2").Status);
        Assert.Equal(200, RawHttp.Send(host, "GET", "/key/a?rev=3").Status);
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/keyes")]
    [InlineData("/txns")]
    [InlineData("/stat%75s")]
    [InlineData("/status/")]
    [InlineData("/STATUS")]
    [InlineData("/members/")]
    [InlineData("/members//promote")]
    [InlineData("//status")]
    [InlineData("/x/../status")]
    [InlineData("/KEY/a")]
    [InlineData("/members/a/b/promote")]
    [InlineData("/swagger/no-such")]
    public async Task Route_ThatIsUnknown_Is404AsJson(string target)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = RawHttp.Send(host, "GET", target);
        Assert.Equal(404, answer.Status);
        Assert.Contains("\"code\":\"not_found\"", answer.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("PATCH", "/key/a", "PUT, GET, HEAD, DELETE, POST")]
    [InlineData("GET", "/lease/grant", "POST")]
    [InlineData("PUT", "/status", "GET, HEAD")]
    [InlineData("OPTIONS", "/lease/kv/a", "POST, GET, HEAD")]
    [InlineData("BREW", "/members/a", "DELETE")]
    [InlineData("get", "/key/a", "PUT, GET, HEAD, DELETE, POST")]
    [InlineData("DELETE", "/lease/grant", "POST")]
    [InlineData("DELETE", "/lease/kv", "POST, GET, HEAD")]
    [InlineData("POST", "/lease/GRANT", "DELETE")]
    [InlineData("delete", "/members/Node01", "DELETE")]
    [InlineData("DELETE", "/openapi/v1.json", "GET")]
    public async Task Method_NotAllowedOnItsPath_Is405WithAllow(string method, string target, string allow)
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var answer = RawHttp.Send(host, method, target);
        Assert.Equal(405, answer.Status);
        Assert.Equal(allow, answer.Header("Allow"));
        Assert.Contains("\"code\":\"method_not_allowed\"", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_ToTheLeader_KeepsRawPathAndQuery()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        host.Cluster.IsLeader = false;
        host.Cluster.LeaderUrl = "http://10.0.0.9:8001/";
        var answer = RawHttp.Send(host, "PUT", "/key//a/../%2F%ff?ttl=3&redirect=1", body: [1]);
        Assert.Equal(307, answer.Status);
        Assert.Equal("http://10.0.0.9:8001/key//a/../%2F%ff?ttl=3&redirect=1", answer.Header("Location"));
        Assert.NotNull(answer.Header("X-Raftd-Revision"));
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/a", body: [1]).Status);
        Assert.Equal(200, RawHttp.Send(host, "GET", "/key/a?redirect=1&level=stale").Status);
        Assert.Equal(400, RawHttp.Send(host, "GET", "/status?redirect=1").Status);

        host.Cluster.LeaderUrl = null;
        var lost = RawHttp.Send(host, "GET", "/key/a?redirect=1");
        Assert.Equal((503, "1"), (lost.Status, lost.Header("Retry-After")));
        Assert.Contains("\"code\":\"no_leader\"", lost.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirect_ByDefault_SendsToTheLeaderAndCurlFollows()
    {
        await using var leader = await InMemoryHost.StartAsync(new ApiOptions());
        await using var follower = await InMemoryHost.StartAsync(new ApiOptions { RedirectByDefault = true });
        follower.Cluster.IsLeader = false;
        follower.Cluster.LeaderUrl = leader.BaseUrl.ToString();

        // Without the limit curl sends after a second without an answer, and cannot send what it read from a pipe again.
        await Curl.RunAsync(follower, "curl -sfL --expect100-timeout 60 -T - 127.0.0.1:8001/key/a <<< there");

        Assert.Equal("there\n", RawHttp.Send(leader, "GET", "/key/a").Text);
        Assert.Equal(404, RawHttp.Send(follower, "GET", "/key/a?redirect=0").Status);
        Assert.Equal(307, RawHttp.Send(follower, "POST", "/join").Status);
        Assert.Equal(200, RawHttp.Send(follower, "GET", "/status").Status);
    }

    /// <summary>A status asks the store for its sizes; an error only says the revision.</summary>
    [Fact]
    public async Task Error_WithARevision_AsksForNoStatus()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        var revision = RawHttp.Send(host, "PUT", "/key/a", body: [1]).Header("X-Raftd-Revision");
        host.Cluster.StatusBug = new InvalidOperationException("asked for its status");
        host.Cluster.IsLeader = false;
        foreach (var (status, method, target) in new[]
        {
            (400, "GET", "/key/a?level=odd"), (405, "PATCH", "/key/a"), (404, "GET", "/lease/timetolive/4"),
            (307, "GET", "/key/a?redirect=1"), (304, "GET", $"/key/a?wait=1ms&after={revision}"),
        })
        {
            var answer = RawHttp.Send(host, method, target);
            Assert.Equal((status, revision), (answer.Status, answer.Header("X-Raftd-Revision")));
        }
    }

    [Fact]
    public async Task Handler_ThatThrows_Is500WithoutItsStackTrace()
    {
        await using var host = await InMemoryHost.StartAsync(new ApiOptions());
        RawHttp.Send(host, "PUT", "/key/a", body: [1]);
        host.Cluster.LeaderUrl = null;
        host.Cluster.StatusBug = new InvalidOperationException("secret detail");
        var answer = RawHttp.Send(host, "GET", "/status");
        Assert.Equal(500, answer.Status);
        Assert.Contains("\"code\":\"internal\"", answer.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_OutOfBounds_AreNamed()
    {
        Assert.Empty(new ApiOptions().Validate());
        Assert.Contains(
            new ApiOptions { MaxBodiesInFlightBytes = 1 }.Validate(),
            problem => problem.Contains("max bodies in flight 1", StringComparison.Ordinal));
        Assert.NotEmpty(new ApiOptions { MaxValueBytes = 0 }.Validate());
        Assert.NotEmpty(new ApiOptions { MaxRequestLineBytes = 8192 }.Validate());
    }
}
