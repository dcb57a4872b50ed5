using System.Text.Json;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>`POST /key/{key}?op=incr`, `POST /keys/{prefix}`, "revert", and `GET /history/{key}`.</summary>
public abstract class KeyChangeBehaviours : RestBehaviours
{
    [Theory]
    [InlineData(null, "", "1")]
    [InlineData("41", "", "42")]
    [InlineData("41", "&by=-50", "-9")]
    [InlineData("-1", "&by=1", "0")]
    [InlineData("007", "&by=0", "7")]
    [InlineData("9223372036854775806", "&by=1", "9223372036854775807")]
    [InlineData("-1", "&by=-9223372036854775807", "-9223372036854775808")]
    public void Incr_AddsToWhatIsThere(string? before, string by, string expected)
    {
        Done("DELETE", "/key/incr/a");
        if (before is not null)
        {
            Put("incr/a", before);
        }

        var answer = Done("POST", $"/key/incr/a?op=incr{by}");
        Assert.Equal((expected, "text/plain; charset=utf-8"), (answer.Text, answer.Header("Content-Type")));
        var now = Done("GET", "/key/incr/a");
        Assert.Equal((expected, answer.Header("ETag")), (now.Text, now.Header("ETag")));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("one", "")]
    [InlineData("1 ", "")]
    [InlineData("1.5", "")]
    [InlineData("9223372036854775808", "")]
    [InlineData("0000000000000000000000000000000000001", "")]
    [InlineData("9223372036854775807", "")]
    [InlineData("-2", "&by=-9223372036854775807")]
    public void Incr_OfWhatIsNoNumberOrTooLarge_Is409(string before, string by)
    {
        var revision = Put("incr/no", before);
        Refused(409, "conflict", "nothing was written", Send("POST", $"/key/incr/no?op=incr{by}"));
        Assert.Equal($"\"{revision}\"", Done("GET", "/key/incr/no").Header("ETag"));
    }

    /// <summary>As many times as it was asked, through all members at once, and each answer is another number.</summary>
    [Fact]
    public async Task Incr_ByManyAtOnce_CountsEachOnce()
    {
        Done("DELETE", "/key/incr/many");
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 25)
            .Select(_ => int.Parse(Done("POST", "/key/incr/many?op=incr").Text))
            .ToArray())));
        Assert.Equal(Enumerable.Range(1, 200), answers.SelectMany(static numbers => numbers).Order());
        Assert.All(answers, static numbers => Assert.Equal(numbers.Order(), numbers));
        Assert.Equal("200", Done("GET", "/key/incr/many").Header("X-Raftd-Version"));
    }

    [Fact]
    public void Incr_KeepsTheLease()
    {
        Done("PUT", "/key/incr/ttl?ttl=600", "5");
        var lease = Done("GET", "/key/incr/ttl").Header("X-Raftd-Lease");
        Assert.Matches("^[1-9]", lease);
        Assert.Equal("6", Done("POST", "/key/incr/ttl?op=incr").Text);
        Assert.Equal(lease, Done("GET", "/key/incr/ttl").Header("X-Raftd-Lease"));
    }

    [Fact]
    public void Revert_WritesTheOldValueOnceMore()
    {
        var first = Put("revert/a", "one");
        Put("revert/a", "two");
        var answer = Done("POST", $"/key/revert/a?op=revert&rev={first}");
        var now = Done("GET", "/key/revert/a");
        Assert.Equal(("one", "3", answer.Header("ETag")), (now.Text, now.Header("X-Raftd-Version"), now.Header("ETag")));

        // And behind a deletion, a large value too.
        var large = new string('x', 100_000);
        var then = Put("revert/a", large);
        Done("DELETE", "/key/revert/a");
        Done("POST", $"/key/revert/a?op=revert&rev={then}");
        Assert.Equal(large, Done("GET", "/key/revert/a").Text);
        Refused(404, "not_found", "there was no such key at revision", Send("POST", $"/key/revert/none?op=revert&rev={first}"));
        Refused(400, "bad_request", "is in the future", Send("POST", "/key/revert/a?op=revert&rev=999999999"));
        Done("POST", $"/compact?rev={Put("revert/b", "x")}");
        Refused(410, "compacted", "has been compacted", Send("POST", $"/key/revert/a?op=revert&rev={first}"));
    }

    [Theory]
    [InlineData("/key/change", "`op` is missing")]
    [InlineData("/key/change?op=double", "`op=double` is unknown")]
    [InlineData("/key/change?op=incr&by=1.5", "`by=1.5` is no whole number")]
    [InlineData("/key/change?op=incr&by=", "`by=` is no whole number")]
    [InlineData("/key/change?op=incr&by=9223372036854775808", "is no whole number of 64 bits")]
    [InlineData("/key/change?op=incr&rev=3", "`rev` says nothing for incr")]
    [InlineData("/key/change?op=revert", "`rev` is missing")]
    [InlineData("/key/change?op=revert&rev=0", "`rev=0` is no whole number from 1")]
    [InlineData("/key/change?op=revert&rev=1&by=1", "`by` says nothing for revert")]
    [InlineData("/key/?op=incr", "the key is empty")]
    [InlineData("/keys/", "the prefix is empty")]
    [InlineData("/keys", "the prefix is empty")]
    [InlineData("/keys/a?prefix64=YQ", "the prefix is given twice")]
    [InlineData("/keys/a?ttl=30", "unknown query parameter `ttl`")]
    public void Post_ThatSaysNothing_Is400(string target, string text) =>
        Refused(400, "bad_request", text, Send("POST", target, "x"));

    [Fact]
    public void Add_GivesTheNextNumber_AlsoAfterADeletion()
    {
        Done("DELETE", "/key/add/?prefix=1");
        var first = Done("POST", "/keys/add/", "one");
        Assert.Equal((201, "/key/add/00000000000000000001"), (first.Status, first.Header("Location")));
        var read = Done("GET", first.Header("Location")!);
        Assert.Equal(("one", first.Header("ETag")), (read.Text, read.Header("ETag")));
        Done("DELETE", first.Header("Location")!);
        Assert.Equal("/key/add/00000000000000000002", Done("POST", "/keys/add/", "two").Header("Location"));
        Assert.Equal("2", Done("GET", "/key/add/").Text);

        var odd = Done("POST", "/keys/?prefix64=AGE", "three").Header("Location")!;
        Assert.Equal("three", Done("GET", odd).Text);
        Assert.Equal("dots", Done("GET", Done("POST", "/keys/add/../", "dots").Header("Location")!).Text);
        Put("add-taken", "mine");
        Refused(409, "conflict", "is no integer", Send("POST", "/keys/add-taken", "x"));
        Refused(400, "bad_request", "at most 4076", Send("POST", "/keys/" + new string('p', 4077), "x"));
    }

    [Fact]
    public async Task Add_ByManyAtOnce_GivesEachAnotherNumber_InTheOrderOfRevisions()
    {
        Done("DELETE", "/key/add-many/?prefix=1");
        await Task.WhenAll(Enumerable.Range(0, 6).Select(client => Task.Run(() =>
        {
            for (var i = 0; i < 20; i++)
            {
                Done("POST", "/keys/add-many/", $"{client}");
            }
        })));
        var items = Json("/keys?prefix=add-many/0").GetProperty("items").EnumerateArray().ToArray();
        Assert.Equal(
            Enumerable.Range(1, 120).Select(static number => $"add-many/{number:d20}"),
            items.Select(static item => item.GetProperty("key").GetString()),
            StringComparer.Ordinal);
        var revisions = items.Select(static item => long.Parse(item.GetProperty("mod_revision").GetString()!)).ToArray();
        Assert.Equal(revisions.Order(), revisions);
    }

    [Fact]
    public void History_HasEveryVersion_NewestFirst()
    {
        var first = Put("history/a", "one");
        var second = Put("history/a", new string('x', 10_000));
        var deleted = long.Parse(Done("DELETE", "/key/history/a").Header("X-Raftd-Revision")!);
        var again = Put("history/a", "three");

        var answer = Json("/history/history/a");
        Assert.Equal(("history/a", false), (answer.GetProperty("key").GetString(), answer.GetProperty("more").GetBoolean()));
        Assert.Equal([again, deleted, second, first], RevisionsOf(answer));
        var items = answer.GetProperty("items");
        Assert.Equal(
            $$"""{"value":"three","create_revision":"{{again}}","mod_revision":"{{again}}","version":"1","lease":"0"}""", items[0].GetRawText());
        Assert.Equal($$"""{"deleted":true,"mod_revision":"{{deleted}}"}""", items[1].GetRawText());
        Assert.Equal(10_000, items[2].GetProperty("value").GetString()!.Length);

        Assert.Equal([second, first], RevisionsOf(Json($"/history/history/a?from={deleted - 1}")));
        Assert.Equal([deleted, second], RevisionsOf(Json($"/history/history/a?from={deleted}&limit=2")));
        Assert.True(Json($"/history/history/a?from={deleted}&limit=2").GetProperty("more").GetBoolean());
        var lines = Done("GET", "/history/history/a", headers: "Accept: application/x-ndjson\r\n").Text;
        Assert.Equal(4, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Refused(404, "not_found", "no version of that key is kept", Send("GET", "/history/history/none"));
        Refused(404, "not_found", "no version of that key is kept", Send("GET", $"/history/history/a?from={first - 1}"));
        Refused(400, "bad_request", "`limit=0` is no whole number", Send("GET", "/history/a?limit=0"));
        Refused(400, "bad_request", "`from=x` is no whole number", Send("GET", "/history/a?from=x"));

        // What a read at the compact revision sees is the oldest.
        Done("POST", $"/compact?rev={second}");
        Assert.Equal([again, deleted, second], RevisionsOf(Json("/history/history/a")));
        Done("POST", $"/compact?rev={again}");
        Assert.Equal([again], RevisionsOf(Json("/history/history/a")));
    }

    [Fact]
    public void History_LongerThanAStep_IsWhole()
    {
        Done("DELETE", "/key/history-long");
        var values = Enumerable.Range(0, 300).Select(static i => $"{i} {new string('v', 3000)}").ToArray();
        foreach (var value in values)
        {
            Put("history-long", value);
        }

        var items = Json("/history/history-long?limit=300").GetProperty("items").EnumerateArray();
        Assert.Equal(values.Reverse(), items.Select(static item => item.GetProperty("value").GetString()), StringComparer.Ordinal);
    }

    [Fact]
    public void Delete_OfAPrefix_NeedsToBeMeant()
    {
        Put("del-prefix/a", "x");
        Put("del-prefix/b", "x");
        Refused(400, "bad_request", "say so with ?all=1", Send("DELETE", "/key/?prefix=1"));
        Refused(400, "bad_request", "contradict each other", Send("DELETE", "/key/del-prefix/?all=1"));
        Refused(412, "condition_failed", "nothing was written", Send("DELETE", "/key/del-prefix/a", headers: "If-Match: \"1\"\r\n"));
        Assert.Equal("2", Done("DELETE", "/key/del-prefix/?prefix=1").Header("X-Raftd-Deleted"));
    }

    [Fact]
    public void Methods_ThatARouteDoesNotHave_Are405()
    {
        foreach (var (method, target, allow) in ((string, string, string)[])
            [("PUT", "/keys", "GET, HEAD, POST"), ("PATCH", "/key/a", "PUT, GET, HEAD, DELETE, POST"), ("POST", "/history/a", "GET, HEAD")])
        {
            var answer = Send(method, target, "");
            Refused(405, "method_not_allowed", $"use {allow}", answer);
            Assert.Equal(allow, answer.Header("Allow"));
        }
    }

    private static long[] RevisionsOf(JsonElement history) =>
        [.. history.GetProperty("items").EnumerateArray().Select(static item => long.Parse(item.GetProperty("mod_revision").GetString()!))];
}
