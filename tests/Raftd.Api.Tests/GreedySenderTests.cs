using Raftd.Api.Http;

namespace Raftd.Api.Tests;

/// <summary>Clients that announce much, send slowly, or stop: what they hold, and for how long.</summary>
public sealed class GreedySenderTests
{
    private const int Mebi = 1 << 20;

    /// <summary>Without Kestrel's least rate: the deadline alone ends a body here, when the test moves the clock.</summary>
    private static readonly ApiOptions Tight = new()
    {
        MaxValueBytes = Mebi,
        MaxBodiesInFlightBytes = 2 * Mebi,
        MaxSmallBodiesInFlightBytes = 128 * 1024,
        MinRequestBodyBytesPerSecond = 0,
    };

    [Fact]
    public async Task Body_AnnouncedAlone_HoldsNothing()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        using var senders = new Connections(host, count: 64);
        senders.Each(sender => sender.SendText($"PUT /key/held HTTP/1.1\r\nHost: a\r\nContent-Length: {Mebi}\r\nExpect: 100-continue\r\n\r\n"));
        senders.Each(sender => Assert.Equal(100, sender.ReadAnswer().Status));
        Assert.Equal((0, 0), (host.Services.LargeBodies.UsedBytes, host.Services.SmallBodies.UsedBytes));
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/whole", body: new byte[Mebi]).Status);
    }

    /// <summary>4 KiB for a byte, then the buffer: at most twice what has arrived.</summary>
    [Fact]
    public async Task Body_HalfArrived_IsCountedWithItsBuffer()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        using var connection = RawHttp.Connect(host);
        connection.SendText($"PUT /key/a HTTP/1.1\r\nHost: a\r\nContent-Length: {Mebi}\r\n\r\nx");
        await InMemoryHost.EventuallyAsync(() => host.Services.LargeBodies.UsedBytes, 4096, "large bodies");
        connection.SendBytes(new byte[(256 * 1024) - 1]);
        await InMemoryHost.EventuallyAsync(() => IsBetween(256 * 1024, 512 * 1024), true, "large bodies");
        connection.SendBytes(new byte[Mebi - (256 * 1024)]);
        Assert.Equal(200, connection.ReadAnswer().Status);
        await host.AllBodiesAreReleasedAsync();

        bool IsBetween(long low, long high) => host.Services.LargeBodies.UsedBytes is var used && used >= low && used <= high;
    }

    [Fact]
    public async Task LargeBodies_BeyondTheirBudget_Are429AndSmallOnesPass()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        var lease = RawHttp.Send(host, "POST", "/lease/grant?ttl=60&name=a").Text;
        using var held = host.Services.LargeBodies.Hold(Tight.MaxBodiesInFlightBytes - (512 * 1024));

        // It is let in with what there is room for, refused when it needs more, and gives back what it had.
        using var sender = RawHttp.Connect(host);
        sender.SendText($"PUT /key/held HTTP/1.1\r\nHost: a\r\nContent-Length: {Mebi}\r\n\r\n");
        sender.SendBytes(new byte[100 * 1024]);
        await InMemoryHost.EventuallyAsync(
            () => host.Services.LargeBodies.UsedBytes >= Tight.MaxBodiesInFlightBytes - (412 * 1024), true, "some of it is held");
        sender.SendBytes(new byte[Mebi - (100 * 1024)]);
        var refused = sender.ReadAnswer();
        Assert.Equal((429, "1"), (refused.Status, refused.Header("Retry-After")));
        Assert.Contains("\"code\":\"too_many_requests\"", refused.Text, StringComparison.Ordinal);
        Assert.Equal(200, RawHttp.Send(host, "POST", $"/lease/keepalive/{lease}", body: "key=k&data=d"u8.ToArray()).Status);
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/small", body: new byte[RequestBody.SmallBytes]).Status);
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/larger", body: new byte[RequestBody.SmallBytes + 1]).Status);
        await InMemoryHost.EventuallyAsync(
            () => host.Services.LargeBodies.UsedBytes, Tight.MaxBodiesInFlightBytes - (512 * 1024), "large bodies");
        await InMemoryHost.EventuallyAsync(() => host.Services.SmallBodies.UsedBytes, 0, "small bodies");
    }

    /// <summary>Those that are refused make room for the others, and all of them end.</summary>
    [Fact]
    public async Task Bodies_ThatFillTheBudgetTogether_DoNotWaitForEachOther()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i =>
            Task.Run(() => RawHttp.Send(host, "PUT", $"/key/{i}", body: new byte[Mebi]).Status)));
        Assert.All(answers, status => Assert.Contains(status, new[] { 200, 429 }));
        Assert.Contains(200, answers);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public async Task SmallBodies_BeyondTheirReserve_Are429()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        using var held = host.Services.SmallBodies.Hold(Tight.MaxSmallBodiesInFlightBytes);
        Assert.Equal(429, RawHttp.Send(host, "PUT", "/key/b", body: new byte[100]).Status);
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/b", body: new byte[RequestBody.SmallBytes + 1]).Status);
    }

    [Fact]
    public async Task ChunkedBody_ThatOutgrowsTheSmallOnes_IsCountedWithTheLarge()
    {
        await using var host = await InMemoryHost.StartAsync(Tight, new ManualClock());
        using var connection = RawHttp.Connect(host);
        connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        SendChunk(connection, 100);
        await InMemoryHost.EventuallyAsync(() => Used(host), (4096L, 0L), "small, large");
        SendChunk(connection, RequestBody.SmallBytes);
        await InMemoryHost.EventuallyAsync(
            () => (Used(host).Small, Used(host).Large >= 100 + RequestBody.SmallBytes), (0L, true), "small, all of it in large");
        connection.SendText("0\r\n\r\n");
        Assert.Equal(200, connection.ReadAnswer().Status);
        Assert.Equal(100 + RequestBody.SmallBytes, RawHttp.Send(host, "GET", "/key/a").Body.Length);
    }

    /// <summary>1 MiB at 64 KiB/s takes 16 s, and ten more are granted.</summary>
    [Fact]
    public async Task Body_NotWholeByItsDeadline_Is408AndTheConnectionCloses()
    {
        var clock = new ManualClock();
        await using var host = await InMemoryHost.StartAsync(Tight, clock);
        using var connection = RawHttp.Connect(host);
        connection.SendText($"PUT /key/a HTTP/1.1\r\nHost: a\r\nContent-Length: {Mebi}\r\n\r\nx");
        await InMemoryHost.EventuallyAsync(() => (host.Services.LargeBodies.UsedBytes, clock.TimerCount), (4096L, 1), "held, timers");
        clock.Advance(TimeSpan.FromSeconds(25));
        Assert.Equal((4096, 1), (host.Services.LargeBodies.UsedBytes, clock.TimerCount));
        clock.Advance(TimeSpan.FromSeconds(1));

        var answer = connection.ReadAnswer();
        Assert.Equal((408, "close"), (answer.Status, answer.Header("Connection")));
        Assert.Equal(
            """{"error":"1 bytes of the body arrived within 26 s, and it was to be whole by then","code":"request_timeout","hint":"send at least 65536 bytes a second; nothing was stored"}""",
            answer.Text);
        await host.AllBodiesAreReleasedAsync();
        Assert.Equal(0, clock.TimerCount);
        Assert.Equal(404, RawHttp.Send(host, "GET", "/key/a").Status);
    }

    /// <summary>What has no announced length has the time of a small body, and more once it is larger.</summary>
    [Fact]
    public async Task ChunkedBody_ThatGrows_HasTheDeadlineOfWhatHasArrived()
    {
        var clock = new ManualClock();
        await using var host = await InMemoryHost.StartAsync(Tight, clock);
        using var stalled = RawHttp.Connect(host);
        using var growing = RawHttp.Connect(host);
        foreach (var connection in new[] { stalled, growing })
        {
            connection.SendText("PUT /key/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
            SendChunk(connection, 100);
        }

        await InMemoryHost.EventuallyAsync(() => (Used(host), clock.TimerCount), ((8192L, 0L), 2), "held, timers");
        clock.Advance(TimeSpan.FromSeconds(10));
        SendChunk(growing, 256 * 1024);
        await InMemoryHost.EventuallyAsync(() => (Used(host).Small, Used(host).Large >= 256 * 1024), (4096L, true), "held");
        await InMemoryHost.EventuallyAsync(() => clock.TimersDueWithin(TimeSpan.FromSeconds(1)), 1, "timers of the first deadline");
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(408, stalled.ReadAnswer().Status);
        growing.SendText("0\r\n\r\n");
        Assert.Equal(200, growing.ReadAnswer().Status);
        await host.AllBodiesAreReleasedAsync();
    }

    private static (long Small, long Large) Used(InMemoryHost host) =>
        (host.Services.SmallBodies.UsedBytes, host.Services.LargeBodies.UsedBytes);

    private static void SendChunk(RawHttp connection, int bytes)
    {
        connection.SendText($"{bytes:x}\r\n");
        connection.SendBytes(new byte[bytes]);
        connection.SendText("\r\n");
    }
}
