namespace Raftd.Api.Tests;

/// <summary>Bodies that are too large, too slow, cut short or ambiguous, over raw sockets.</summary>
public sealed class BodyTests
{
    private static readonly ApiOptions Small = new() { MaxValueBytes = 1024, MaxBodiesInFlightBytes = 2048 };

    [Fact]
    public async Task ExpectContinue_TooLarge_GetsItsAnswerBeforeItSends()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\nExpect: 100-continue\r\n\r\n");
        var answer = connection.ReadAnswer();
        Assert.Equal((413, "close"), (answer.Status, answer.Header("Connection")));
        Assert.Equal(
            """{"error":"the body is larger than 1024 bytes","code":"too_large","hint":"the limit is -max-value-bytes"}""",
            answer.Text);
    }

    [Fact]
    public async Task ExpectContinue_WithinTheLimit_IsToldToSend()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1024\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal(100, connection.ReadAnswer().Status);
        connection.SendBytes(new byte[1024]);
        var answer = connection.ReadAnswer();
        Assert.Equal(200, answer.Status);
        Assert.Null(answer.Header("Connection"));
        connection.SendRequest("GET", "/key/a");
        Assert.Equal(1024, connection.ReadAnswer().Body.Length);
    }

    [Fact]
    public async Task ExpectContinue_Redirected_ClosesTheConnection()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        host.Cluster.IsLeader = false;
        using var connection = RawHttp.Connect(host);
        connection.SendText(
            "PUT /key/a?redirect=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n");
        var answer = connection.ReadAnswer();
        Assert.Equal((307, "close"), (answer.Status, answer.Header("Connection")));
    }

    [Fact]
    public async Task Body_TooLargeAndSentAnyway_IsDrainedSoThatTheAnswerIsRead()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        var answer = RawHttp.Send(host, "PUT", "/key/a", body: new byte[16 << 20]);
        Assert.Equal(413, answer.Status);
        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/a").Status);
    }

    [Theory]
    [InlineData(1024, 200)]
    [InlineData(1025, 413)]
    [InlineData(200_000, 413)]
    public async Task ChunkedBody_AroundItsLimit_IsCounted(int length, int status)
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (var sent = 0; sent < length; sent += 999)
        {
            var chunk = new string('x', Math.Min(999, length - sent));
            connection.SendText($"{chunk.Length:x}\r\n{chunk}\r\n");
        }

        connection.SendText("0\r\n\r\n");
        Assert.Equal(status, connection.ReadAnswer().Status);
        var stored = RawHttp.Send(host, "GET", "/key/a");
        Assert.Equal(status == 200 ? length : -1, stored.Status == 200 ? stored.Body.Length : -1);
        await host.AllBodiesAreReleasedAsync();
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\na\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    public async Task Body_ThatEndsEarly_StoresNothing(string headersAndBody)
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using (var connection = RawHttp.Connect(host))
        {
            connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\n" + headersAndBody);
            connection.EndSending();
            connection.IsClosed();
        }

        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/a").Status);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task Body_SentTooSlowly_Is408()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nslow");
        var answer = connection.ReadAnswer();
        Assert.Equal(408, answer.Status);
        Assert.Contains("\"code\":\"request_timeout\"", answer.Text, StringComparison.Ordinal);
        await host.AllBodiesAreReleasedAsync();
    }

    /// <summary>What two parsers in a row could read as different requests. Each gets 400, or the whole of it is one
    /// request and the connection ends: never a second request out of the first one's body.</summary>
    [Theory]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\ngg\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nX-Folded: a\r\n b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\na")]
    [InlineData("PUT /key/s HTTP/1.1\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PUT /key/s HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("PUT /key/\u00e9 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")]
    public async Task Request_ThatParsersReadDifferently_NeverBecomesTwo(string request)
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText(request + "PUT /key/smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        var first = connection.ReadAnswer();
        var isRefused = first.Status is 400 or 411;
        Assert.True(isRefused || first.Header("Connection") == "close", $"{request}{first.Head}{first.Text}");
        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/smuggled").Status);
    }

    [Fact]
    public async Task Request_WithBareLineFeeds_IsOneRequest()
    {
        await using var host = await InMemoryHost.StartAsync(Small);
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/lf HTTP/1.1\nHost: a\nContent-Length: 0\n\n");
        Assert.Contains(connection.ReadAnswer().Status, new[] { 200, 400 });
        connection.SendRequest("GET", "/version");
        Assert.Equal(200, connection.ReadAnswer().Status);
    }
}
