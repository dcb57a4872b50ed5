using System.Buffers.Text;
using System.Text.Json;
using Raftd.Testing;

namespace Raftd.Api.Tests.Behaviours;

// Where a watch goes on: by an id, behind a compaction, and batch by batch.
public abstract partial class WatchBehaviours
{
    [Fact]
    public async Task Resume_InsideARevision_NeitherLosesNorRepeats()
    {
        var first = Put("watch-txn/0", "before");
        Done("POST", "/txn", """{"then":[{"put":"watch-txn/a","value":"1"},{"put":"watch-txn/b","value":"2"},{"put":"watch-txn/c","value":"3"}]}""");
        Put("watch-txn/d", "after");
        string[] all = [$"{first}.0", $"{first + 1}.0", $"{first + 1}.1", $"{first + 1}.2", $"{first + 2}.0"];
        using var whole = await OpenAsync($"/watch/watch-txn/?prefix=1&rev={first}");
        Assert.Equal(all, (await whole.TakeAsync(5)).Select(static one => one.Id), StringComparer.Ordinal);
        for (var at = 0; at < 4; at++)
        {
            using var rest = await OpenAsync("/watch/watch-txn/?prefix=1", all[at]);
            Assert.Equal(all[(at + 1)..], (await rest.TakeAsync(4 - at)).Select(static one => one.Id), StringComparer.Ordinal);
        }
    }

    /// <summary>More of it than a message of the store holds: it is read piece by piece, and resumed in the middle.</summary>
    [Fact]
    public async Task Resume_InsideALargeRevision_NeitherLosesNorRepeats()
    {
        const int Count = 1000;
        var prefix = $"watch-large/{new string('k', 1800)}";
        for (var i = 0; i < Count; i += 100)
        {
            var puts = Enumerable.Range(i, 100).Select(key => $$"""{"put":"{{prefix}}{{key:000}}","value":""}""");
            Done("POST", "/txn", $$"""{"then":[{{string.Join(',', puts)}}]}""");
        }

        var gone = Revision(Done("DELETE", "/key/watch-large/?prefix=1"));
        foreach (var at in (int[])[-1, 0, 200, 599, 998])
        {
            var id = at < 0 ? $"{gone - 1}.{All}" : $"{gone}.{at}";
            using var rest = await OpenAsync("/watch/watch-large/?prefix=1", id);
            var events = await rest.TakeAsync(Count - 1 - at);
            Assert.Equal(Enumerable.Range(at + 1, Count - 1 - at).Select(place => $"{gone}.{place}"), events.Select(static one => one.Id), StringComparer.Ordinal);
            Assert.Equal($"{prefix}{at + 1:000}", events[0].Key);
        }
    }

    [Fact]
    public async Task Resume_InsideTheInitialState_GoesOnAtItsRevision()
    {
        foreach (var key in (string[])["a", "b", "c"])
        {
            Put($"watch-in/{key}", "then");
        }

        using var whole = await OpenAsync("/watch/watch-in/?prefix=1&initial=1");
        var state = await whole.TakeAsync(4);
        Put("watch-in/b", "now");
        Done("DELETE", "/key/watch-in/c");
        var after = await whole.TakeAsync(2);
        ServerEvent[] all = [.. state, .. after];
        for (var at = 0; at < 5; at++)
        {
            // Whether it was asked for again or not: the id says where it was.
            using var rest = await OpenAsync($"/watch/watch-in/?prefix=1{(at % 2 == 0 ? "" : "&initial=1")}", all[at].Id);
            Assert.Equal(all[(at + 1)..], await rest.TakeAsync(5 - at));
        }
    }

    [Fact]
    public async Task LastEventId_OutranksRevAndInitial()
    {
        var first = Put("watch-rank", "one");
        Put("watch-rank", "two");
        using var watch = await OpenAsync($"/watch/watch-rank?rev={first}&initial=1", $"{first}.0");
        Assert.Equal($"{first + 1}.0 two", Told(await watch.NextAsync()));
    }

    /// <summary>Cut off before anything has come, a client knows all the same from where it was to come.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("?rev=")]
    public async Task Resume_BeforeTheFirstEvent_LosesNothing(string rev)
    {
        var before = Put($"watch-early{rev.Length}", "before");
        var query = rev.Length > 0 ? $"{rev}{before + 1}" : "";
        var member = Next;
        RawHttp.Send(member, "GET", $"/key/watch-early{rev.Length}");
        string? id;
        using (var watch = await EventReader.OpenAsync(member, $"/watch/watch-early{rev.Length}{query}"))
        {
            for (var line = await watch.LineAsync(); line != ""; line = await watch.LineAsync())
            {
            }

            id = watch.Raw[1]["id: ".Length..];
        }

        var missed = Put($"watch-early{rev.Length}", "missed");
        using var again = await OpenAsync($"/watch/watch-early{rev.Length}{query}", id);
        Assert.Equal($"{missed}.0 missed", Told(await again.NextAsync()));
    }

    [Fact]
    public async Task Resume_FromWhatIsCompacted_IsAResetOr204()
    {
        var old = Put("watch-gone/a", "old");
        Put("watch-gone/a", "new");
        await CompactEverywhereAsync(Put("watch-gone/b", "x"));
        string[] ids = [$"{old}.0", $"{old}.{All}", $"s{old}:{Base64Url.EncodeToString("watch-gone/a"u8)}"];
        foreach (var id in ids)
        {
            using var watch = await OpenAsync("/watch/watch-gone/?prefix=1&initial=1", id);
            var events = await watch.TakeAsync(4);
            Assert.Equal(["reset", "put", "put", "snapshot-end"], events.Select(static one => one.Name), StringComparer.Ordinal);

            // No id of its own: a client that is cut off here is told once more.
            Assert.Equal(id, events[0].Id);
            Assert.Equal(["new", "x"], events[1..3].Select(static one => one.Value), StringComparer.Ordinal);
            Assert.Equal(events[0].Json.GetProperty("revision").GetString(), events[3].Json.GetProperty("revision").GetString());

            using var stopped = await OpenAsync("/watch/watch-gone/?prefix=1", id);
            Assert.Equal((204, ""), (stopped.Status, await stopped.LineAsync() ?? ""));
            Assert.NotNull(stopped.Header("X-Raftd-Revision"));
        }
    }

    [Fact]
    public async Task Watch_FromACompactedRevision_Is410()
    {
        var old = Put("watch-410", "old");
        await CompactEverywhereAsync(Put("watch-410", "new"));
        Refused(410, "compacted", "has been compacted", Send("GET", $"/watch/watch-410?rev={old}"));
        Refused(410, "compacted", "has been compacted", Send("GET", $"/watch/watch-410?rev={old}&initial=1"));
        Refused(410, "compacted", "has been compacted", Send("GET", $"/watch/watch-410?rev={old}&once=1"));
        using var watch = await OpenAsync($"/watch/watch-410?rev={old + 1}");
        Assert.Equal($"{old + 1}.0 new", Told(await watch.NextAsync()));
    }

    [Fact]
    public async Task Once_IsOneBatchOfJson_AndTheNextGoesOnBehindIt()
    {
        var first = Put("watch-once/a", "one");
        Put("watch-once/b", "two");
        var state = Done("GET", "/watch/watch-once/?prefix=1&initial=1&once=1");
        Assert.Equal(("application/json", "no-store"), (state.Header("Content-Type"), state.Header("Cache-Control")));
        var batch = Parse(state);
        var events = batch.GetProperty("events");
        Assert.Equal("put put snapshot-end", string.Join(' ', events.EnumerateArray().Select(static one => one.GetProperty("event").GetString())));
        Assert.Equal(
            $$"""{"key":"watch-once/a","value":"one",{{Revisions(first, first, 1)}}}""", events[0].GetProperty("data").GetRawText());
        var id = batch.GetProperty("id").GetString()!;
        Assert.Equal(id, events[2].GetProperty("id").GetString());

        // Nothing within the time, and the same place.
        var none = Once(id, "10ms");
        Assert.Equal((0, id), (none.GetProperty("events").GetArrayLength(), none.GetProperty("id").GetString()));

        // A change that comes while it waits, and one that came between two requests.
        var waiting = Task.Run(() => Once(id, "30s"));
        var third = Put("watch-once/a", "three");
        var woken = await waiting;
        Assert.Equal($"{third}.0", woken.GetProperty("id").GetString());
        Assert.Equal("three", woken.GetProperty("events")[0].GetProperty("data").GetProperty("value").GetString());
        Done("DELETE", "/key/watch-once/a");
        Assert.Equal("delete", Once(woken.GetProperty("id").GetString()!, "30s").GetProperty("events")[0].GetProperty("event").GetString());

        JsonElement Once(string from, string wait) => Parse(
            Done("GET", $"/watch/watch-once/?prefix=1&once=1&wait={wait}", headers: $"Last-Event-ID: {from}\r\n"));
    }

    /// <summary>At members that lag as well: a revision is compacted for its readers once a member has applied that.</summary>
    private async Task CompactEverywhereAsync(long revision)
    {
        Done("POST", $"/compact?rev={revision}");
        foreach (var member in Members)
        {
            await Until.TrueAsync($"{member.BaseUrl} has compacted to {revision}", TimeSpan.FromSeconds(30), () => Task.FromResult(
                RawHttp.Send(member, "GET", $"/keys?limit=1&level=stale&rev={revision - 1}").Status == 410));
        }
    }
}
