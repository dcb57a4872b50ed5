using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Tests.Etcd;
using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>GET /watch over a session that says what the test says, and a clock that moves when it is told to: silence, slow readers
/// and ends.</summary>
public sealed class WatchStreamTests : IAsyncLifetime
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    private readonly ManualClock _clock = new();
    private readonly ScriptedWatches _watches = new();
    private InMemoryHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await InMemoryHost.StartAsync(
            new ApiOptions(), _clock, services => services.AddSingleton<IWatchService>(_watches));
        RawHttp.Send(_host, "PUT", "/key/a", body: "x"u8.ToArray());
        _watches.Say(Created());
    }

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    /// <summary>For an hour, without an event: a comment every 15 s, and how far the store has come meanwhile.</summary>
    [Fact]
    public async Task Stream_WithoutEvents_LivesOnHeartbeats()
    {
        using var watch = await EventReader.OpenAsync(_host, "/watch/a");
        Assert.Equal(["retry: 1000", "id: 1.9223372036854775807", ""], await LinesAsync(watch, 3), StringComparer.Ordinal);
        for (var beat = 1; beat <= 240; beat++)
        {
            await WaitsForHeartbeatAsync();
            _clock.Advance(Heartbeat - TimeSpan.FromMilliseconds(1));
            Assert.Equal(beat - 1, _watches.ProgressRequests);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Equal([": heartbeat", ""], await LinesAsync(watch, 2), StringComparer.Ordinal);
            Assert.Equal(beat, _watches.ProgressRequests);
        }

        _watches.Say(new WatchMessage { Kind = WatchMessageKind.Progress, Id = -1, Revision = 9 });
        Assert.Equal(["id: 9.9223372036854775807", ""], await LinesAsync(watch, 2), StringComparer.Ordinal);
        _watches.Say(Put("a", "late", 10));
        Assert.Equal(("put", "10.0"), await TellAsync(watch));
    }

    /// <summary>The grace of ten seconds, and what its size takes at the least rate, twice as much as it has: then what it holds is free.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Reader_ThatStops_IsCutOff(bool overHttp2)
    {
        const int LargeBytes = 32 << 20;
        using var client = overHttp2 ? new HttpClient() : null;
        using var watch = await EventReader.OpenAsync(new HostOver(_host.BaseUrl, client), "/watch/a");
        _watches.Say(Put("a", new string('x', LargeBytes), 2));
        await InMemoryHost.EventuallyAsync(() => _host.Services.Answers.UsedBytes > LargeBytes, true, "an answer is counted");
        _clock.Advance(TimeSpan.FromSeconds(1033));
        Assert.True(_host.Services.Answers.UsedBytes > LargeBytes, "cut off too soon");
        _clock.Advance(TimeSpan.FromSeconds(2));
        await _watches.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await _host.AllAnswersAreReleasedAsync();
    }

    [Fact]
    public async Task Streams_BeyondTheirBudget_Are429()
    {
        await using var small = await InMemoryHost.StartAsync(
            new ApiOptions { MaxOpenStreamBytes = 32 * 1024 }, _clock, services => services.AddSingleton<IWatchService>(_watches));
        using (var watch = await EventReader.OpenAsync(small, "/watch/a"))
        {
            await LinesAsync(watch, 2);
            Assert.Equal(429, RawHttp.Send(small, "GET", "/watch/a").Status);
        }

        await InMemoryHost.EventuallyAsync(() => small.Services.Streams.UsedBytes, 0L, "bytes of open streams counted");
    }

    [Fact]
    public async Task Stream_OfAMemberThatStops_EndsAsAWhole()
    {
        using var watch = await EventReader.OpenAsync(_host, "/watch/a");
        await LinesAsync(watch, 3);
        var stopped = _host.StopAsync();
        Assert.Null(await watch.LineAsync());
        await stopped;
        await _watches.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Session_ThatFails_EndsTheStreamBetweenTwoEvents()
    {
        using var watch = await EventReader.OpenAsync(_host, "/watch/a");
        _watches.Fail(new StoreException(ErrorCode.NotReady, "this member stops", "watch at another member"));
        await LinesAsync(watch, 3);
        Assert.Equal([": this member stops", ""], await LinesAsync(watch, 2), StringComparer.Ordinal);
        Assert.Null(await watch.LineAsync());
    }

    /// <summary>An EventSource comes back from a stream that ends, and from no other status.</summary>
    [Theory]
    [InlineData(ErrorCode.NotReady)]
    [InlineData(ErrorCode.NoLeader)]
    public async Task Resume_ThatCannotGoOnYet_EndsAsAStream(ErrorCode code)
    {
        using var first = await EventReader.OpenAsync(_host, "/watch/a");
        await LinesAsync(first, 3);
        _watches.Fail(new StoreException(code, "not yet"));
        using var resumed = await EventReader.OpenAsync(_host, "/watch/a", "1.0");
        Assert.Equal((200, "text/event-stream"), (resumed.Status, resumed.Header("Content-Type")));
        Assert.Equal(["retry: 1000", "id: 1.0", "", ": not yet", "", null], await LinesAsync(resumed, 6), StringComparer.Ordinal);
        Assert.Equal(503, RawHttp.Send(_host, "GET", "/watch/a").Status);
        Assert.Equal(503, RawHttp.Send(_host, "GET", "/watch/a?once=1", "Last-Event-ID: 1.0\r\n").Status);
    }

    [Fact]
    public async Task Watch_BeyondTheMost_Is429()
    {
        var first = await EventReader.OpenAsync(_host, "/watch/a");
        first.Dispose();
        await _watches.Disposed.Task.WaitAsync(TimeSpan.FromSeconds(30));
        _watches.Say(Created() with { Kind = WatchMessageKind.Canceled, Id = -1, End = WatchEnd.TooMany });
        var answer = RawHttp.Send(_host, "GET", "/watch/b?once=1");
        Assert.Equal((429, "1"), (answer.Status, answer.Header("Retry-After")));
        Assert.Contains("as many watches as it may have", answer.Text, StringComparison.Ordinal);
    }

    /// <summary>A reader so slow that a compaction overtakes it; in the middle of a large revision as well.</summary>
    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("?initial=1", false)]
    [InlineData("?initial=1", true)]
    public async Task Stream_OvertakenByACompaction_SaysSo(string query, bool inARevision)
    {
        using var watch = await EventReader.OpenAsync(_host, $"/watch/a{query}");
        if (query.Length > 0)
        {
            Assert.Equal(["put", "snapshot-end"], (await watch.TakeAsync(2)).Select(static one => one.Name), StringComparer.Ordinal);
        }

        _watches.Say(inARevision
            ? Put("a", "", 5) with { Events = [], Large = new CompactedOnTheWay(Put("a", "first", 5).Events) }
            : Created() with { Kind = WatchMessageKind.Canceled, End = WatchEnd.Compacted, CompactRevision = 7 });
        if (inARevision)
        {
            Assert.Equal(("put", "5.0"), await TellAsync(watch));
        }

        if (query.Length == 0)
        {
            Assert.Equal("compacted", (await watch.NextAsync()).Name);
            Assert.Null(await watch.LineAsync());
            return;
        }

        Assert.Equal(["reset", "put", "snapshot-end"], (await watch.TakeAsync(3)).Select(static one => one.Name), StringComparer.Ordinal);
        _watches.Say(Created());
        _watches.Say(Put("a", "next", 8));
        Assert.Equal(("put", "8.0"), await TellAsync(watch));
        Assert.Equal([3L, 3L], _watches.Created.Select(static request => request.StartRevision));
    }

    private static WatchMessage Created() => new() { Kind = WatchMessageKind.Created, Id = 0, Revision = 1 };

    private static WatchMessage Put(string key, string value, long revision) => new()
    {
        Kind = WatchMessageKind.Events,
        Id = 0,
        Revision = revision,
        Events =
        [
            new WatchEvent(
                new KeyValue
                {
                    Key = Encoding.UTF8.GetBytes(key),
                    Value = Encoding.UTF8.GetBytes(value),
                    CreateRevision = revision,
                    ModRevision = revision,
                    Version = 1,
                    Lease = 0,
                },
                IsDelete: false,
                Previous: null),
        ],
    };

    private static async Task<string?[]> LinesAsync(EventReader watch, int count)
    {
        var lines = new string?[count];
        for (var i = 0; i < count; i++)
        {
            lines[i] = await watch.LineAsync();
        }

        return lines;
    }

    private static async Task<(string Name, string? Id)> TellAsync(EventReader watch)
    {
        var told = await watch.NextAsync();
        return (told.Name, told.Id);
    }

    private Task WaitsForHeartbeatAsync() =>
        InMemoryHost.EventuallyAsync(() => _clock.TimersDueWithin(Heartbeat), 1, "timers of a heartbeat");

    private sealed record HostOver(Uri BaseUrl, HttpClient? Http2) : IApiHost;

    private sealed class CompactedOnTheWay(IReadOnlyList<WatchEvent> first) : ILargeRevision
    {
        public IEnumerable<IReadOnlyList<WatchEvent>> Read()
        {
            yield return first;
            throw new StoreException(ErrorCode.Compacted, "revision 5 was compacted while it was read");
        }
    }
}
