using System.Buffers.Text;
using System.Text;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>`GET /watch`.</summary>
public abstract partial class WatchBehaviours : RestBehaviours
{
    private const string All = "9223372036854775807";

    [Fact]
    public async Task Watch_OfAKey_BringsItsChangesAsTheyCome()
    {
        using var watch = await OpenAsync("/watch/watch-one/a?prev=1");
        Assert.Equal(
            (200, "text/event-stream", "no-store", "no"),
            (watch.Status, watch.Header("Content-Type"), watch.Header("Cache-Control"), watch.Header("X-Accel-Buffering")));
        Assert.True(long.Parse(watch.Header("X-Raftd-Revision")!) > 0);
        Put("watch-one/b", "no");
        var first = Put("watch-one/a", "one");
        var second = Put("watch-one/a", "two");
        var gone = Revision(Done("DELETE", "/key/watch-one/a"));

        Assert.Equal(
            [
                new ServerEvent("put", $"{first}.0", $$"""{"key":"watch-one/a","value":"one",{{Revisions(first, first, 1)}}}"""),
                new ServerEvent(
                    "put",
                    $"{second}.0",
                    $$$"""{"key":"watch-one/a","value":"two",{{{Revisions(first, second, 2)}}},"prev":{{{Version("one", first, first, 1)}}}}"""),
                new ServerEvent(
                    "delete",
                    $"{gone}.0",
                    $$$"""{"key":"watch-one/a","mod_revision":"{{{gone}}}","prev":{{{Version("two", first, second, 2)}}}}"""),
            ],
            await watch.TakeAsync(3));
        Assert.Equal("retry: 1000", watch.Raw[0]);
    }

    [Fact]
    public async Task Watch_FromARevision_BeginsThere()
    {
        Put("watch-rev/a", "one");
        var second = Put("watch-rev/a", "two");
        var third = Put("watch-rev/a", "three");
        using var watch = await OpenAsync($"/watch/watch-rev/a?rev={second}");
        Assert.Equal([$"{second}.0 two", $"{third}.0 three"], Told(await watch.TakeAsync(2)), StringComparer.Ordinal);
    }

    /// <summary>A prefix, everything, and a key that no path can carry.</summary>
    [Theory]
    [InlineData("/watch/watch-many/?prefix=1", "watch-many/a watch-many/b")]
    [InlineData("/watch/?prefix=1&key64=d2F0Y2gtbWFueS8", "watch-many/a watch-many/b")]
    [InlineData("/watch/?prefix=1", "watch-many/a watch-many/b watch-manx")]
    [InlineData("/watch/watch-many/b", "watch-many/b")]
    [InlineData("/watch/?key64=d2F0Y2gtbWFueS9i", "watch-many/b")]
    public async Task Watch_OfARange_HasItsKeys(string target, string keys)
    {
        var first = Put("watch-many/a", "x");
        Put("watch-many/b", "x");
        Put("watch-manx", "x");
        using var watch = await OpenAsync($"{target}{(target.Contains('?') ? '&' : '?')}rev={first}");
        var expected = keys.Split(' ');
        Assert.Equal(expected, (await watch.TakeAsync(expected.Length)).Select(static one => one.Key), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("put", "one two")]
    [InlineData("delete", "- -")]
    public async Task Watch_WithAFilter_BringsThoseChangesAlone(string filter, string values)
    {
        var first = Put("watch-filter", "one");
        Done("DELETE", "/key/watch-filter");
        Put("watch-filter", "two");
        Done("DELETE", "/key/watch-filter");
        using var watch = await OpenAsync($"/watch/watch-filter?rev={first}&filter={filter}");
        var events = await watch.TakeAsync(2);
        Assert.Equal([filter, filter], events.Select(static one => one.Name), StringComparer.Ordinal);
        Assert.Equal(values, string.Join(' ', events.Select(static one => one.Value ?? "-")));
    }

    [Fact]
    public async Task Watch_WithTheInitialState_BringsThatFirst_AndThenWhatFollows()
    {
        Put("watch-initial/a", "old");
        var a = Put("watch-initial/a", "new");
        var b = Put("watch-initial/b", "x");
        using var watch = await OpenAsync("/watch/watch-initial/?prefix=1&initial=1");
        var state = await watch.TakeAsync(3);
        var revision = state[2].Json.GetProperty("revision").GetString();
        Assert.Equal(
            [
                new ServerEvent(
                    "put",
                    $"s{revision}:{Base64Url.EncodeToString("watch-initial/a"u8)}",
                    $$"""{"key":"watch-initial/a","value":"new",{{Revisions(a - 1, a, 2)}}}"""),
                new ServerEvent(
                    "put",
                    $"s{revision}:{Base64Url.EncodeToString("watch-initial/b"u8)}",
                    $$"""{"key":"watch-initial/b","value":"x",{{Revisions(b, b, 1)}}}"""),
                new ServerEvent("snapshot-end", $"{revision}.{All}", $$"""{"revision":"{{revision}}"}"""),
            ],
            state);
        Assert.True(long.Parse(revision!) >= b);
        var c = Put("watch-initial/c", "later");
        Assert.Equal($"{c}.0 later", Told(await watch.NextAsync()));
    }

    [Fact]
    public async Task Watch_WithTheInitialStateAtARevision_GoesOnFromThere()
    {
        var then = Put("watch-then/a", "one");
        var next = Put("watch-then/a", "two");
        using var watch = await OpenAsync($"/watch/watch-then/a?initial=1&rev={then}");
        var events = await watch.TakeAsync(3);
        Assert.Equal(["put", "snapshot-end", "put"], events.Select(static one => one.Name), StringComparer.Ordinal);
        Assert.Equal(("one", $"{next}.0", "two"), (events[0].Value, events[2].Id, events[2].Value));
    }

    [Fact]
    public async Task InitialState_OfNothing_IsItsEnd()
    {
        using var watch = await OpenAsync("/watch/watch-none/?prefix=1&initial=1");
        Assert.Equal("snapshot-end", (await watch.NextAsync()).Name);
    }

    /// <summary>More than a page of keys, and values too large for one.</summary>
    [Fact]
    public async Task InitialState_OfAnyLength_IsWhole()
    {
        for (var i = 0; i < 1100; i += 100)
        {
            var puts = Enumerable.Range(i, 100).Select(static key => $$"""{"put":"watch-long/{{key:0000}}","value":"{{key}}"}""");
            Done("POST", "/txn", $$"""{"then":[{{string.Join(',', puts)}}]}""");
        }

        var large = Convert.ToBase64String(Random(150_000));
        Put("watch-long/x", large);
        using var watch = await OpenAsync("/watch/watch-long/?prefix=1&initial=1");
        var events = await watch.TakeAsync(1102);
        Assert.Equal(Enumerable.Range(0, 1100).Select(static key => $"{key}"), events[..1100].Select(static one => one.Value), StringComparer.Ordinal);
        Assert.Equal((large, "snapshot-end"), (events[1100].Value, events[1101].Name));
        Done("DELETE", "/key/watch-long/?prefix=1");
    }

    [Fact]
    public async Task Values_OfAnyKind_ComeInOneLine()
    {
        byte[][] values = [[], [0xFF, 0x00], "line\nline\r\n\u0001\"\\"u8.ToArray(), Encoding.UTF8.GetBytes("世界 \u2028"), Random(100_000)];
        var first = 0L;
        foreach (var value in values)
        {
            var answer = RawHttp.Send(Next, "PUT", "/key/watch-bytes/%ff", body: value);
            first = first == 0 ? Revision(answer) : first;
        }

        using var watch = await OpenAsync($"/watch/watch-bytes/?prefix=1&rev={first}");
        var events = await watch.TakeAsync(values.Length);
        Assert.Equal(values, events.Select(static one => Bytes(one.Json, "value", "encoding")));
        Assert.All(events, static one => Assert.Equal("watch-bytes/"u8.ToArray().Append((byte)0xFF), Bytes(one.Json, "key", "key_encoding")));
        Assert.Equal("base64", events[1].Json.GetProperty("encoding").GetString());
        Assert.False(events[2].Json.TryGetProperty("encoding", out _));
    }

    [Theory]
    [InlineData("/watch/", "the key is empty")]
    [InlineData("/watch/a?prefix=maybe", "`prefix=maybe` is neither 1 nor 0")]
    [InlineData("/watch/a?initial=x", "`initial=x` is neither 1 nor 0")]
    [InlineData("/watch/a?prev=x", "`prev=x` is neither 1 nor 0")]
    [InlineData("/watch/a?once=x", "`once=x` is neither 1 nor 0")]
    [InlineData("/watch/a?rev=0", "`rev=0` is no whole number from 1")]
    [InlineData("/watch/a?filter=all", "`filter=all` is unknown")]
    [InlineData("/watch/a?once=1&wait=x", "`wait=x` is no time")]
    [InlineData("/watch/a?wait=1s", "`wait` goes together with `once`")]
    [InlineData("/watch/a?initial=1&filter=delete", "`initial` and `filter=delete` contradict each other")]
    [InlineData("/watch/a?initial=1&rev=999999999", "is in the future")]
    [InlineData("/watch/a?key64=YQ", "the key is given twice")]
    [InlineData("/watch/a?colour=red", "unknown query parameter `colour`")]
    public void Query_ThatSaysNothing_Is400(string target, string text) => Refused(400, "bad_request", text, Send("GET", target));

    [Theory]
    [InlineData("x")]
    [InlineData("7")]
    [InlineData("7.")]
    [InlineData(".7")]
    [InlineData("-7.0")]
    [InlineData("7.-1")]
    [InlineData("7.0.0")]
    [InlineData("9223372036854775807.0")]
    [InlineData("7.9223372036854775808")]
    [InlineData("s7")]
    [InlineData("s7:")]
    [InlineData("s7:*")]
    [InlineData("s0:YQ")]
    [InlineData("s:YQ")]
    [InlineData("7.0\r\nLast-Event-ID: 8.0")]
    public void LastEventId_ThatIsMalformed_Is400(string id) => Refused(
        400,
        "bad_request",
        "Last-Event-ID is none that this API has answered",
        Send("GET", "/watch/a?prefix=1", headers: $"Last-Event-ID: {id}\r\n"));

    [Fact]
    public void LastEventId_WithAKeyOfAnotherWatch_Is400()
    {
        foreach (var target in (string[])["/watch/b", "/watch/a", "/watch/a/?prefix=1", "/watch/?prefix=1&key64=_w"])
        {
            var id = $"Last-Event-ID: s7:{Base64Url.EncodeToString("aa"u8)}\r\n";
            Refused(400, "bad_request", "Last-Event-ID is of another watch", Send("GET", target, headers: id));
        }
    }

    [Theory]
    [InlineData("/watch/a", "text/event-stream")]
    [InlineData("/watch/?prefix=1&initial=1", "text/event-stream")]
    public void Head_HasNoBody(string target, string type)
    {
        var answer = Done("HEAD", target);
        Assert.Equal((type, 0), (answer.Header("Content-Type"), answer.Body.Length));
        Refused(400, "bad_request", "`rev=x`", Send("GET", "/watch/a?rev=x"));
    }

    private static long Revision(RawAnswer answer) => long.Parse(answer.Header("X-Raftd-Revision")!);

    private static string Revisions(long create, long mod, int version) =>
        $""" "create_revision":"{create}","mod_revision":"{mod}","version":"{version}","lease":"0" """.Trim();

    private static string Version(string value, long create, long mod, int version) =>
        $$$"""{"value":"{{{value}}}",{{{Revisions(create, mod, version)}}}}""";

    private static string Told(ServerEvent one) => $"{one.Id} {one.Value ?? one.Name}";

    private static string[] Told(IEnumerable<ServerEvent> events) => [.. events.Select(Told)];

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private Task<EventReader> OpenAsync(string target, string? lastEventId = null) => EventReader.OpenAsync(Next, target, lastEventId);
}
