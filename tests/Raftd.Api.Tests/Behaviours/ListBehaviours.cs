using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>`GET /keys`.</summary>
public abstract class ListBehaviours : RestBehaviours
{
    private const string Lines = "Accept: application/x-ndjson\r\n";

    [Fact]
    public void List_OfAPrefix_SaysEverythingOfItsKeys()
    {
        var first = Put("list-all/a", "one");
        var second = Put("list-all/a", "two");
        var third = Put("list-all/b", "");
        Put("list-alley", "no");

        var answer = Done("GET", "/keys?prefix=list-all/");
        Assert.Equal("application/json", answer.Header("Content-Type"));
        var list = Parse(answer);
        Assert.Equal(
            $$"""[{"key":"list-all/a","value":"two","create_revision":"{{first}}","mod_revision":"{{second}}","version":"2","lease":"0"},"""
            + $$"""{"key":"list-all/b","value":"","create_revision":"{{third}}","mod_revision":"{{third}}","version":"1","lease":"0"}]""",
            list.GetProperty("items").GetRawText());
        Assert.Equal((2, false), (list.GetProperty("count").GetInt32(), list.GetProperty("more").GetBoolean()));
        Assert.True(long.Parse(list.GetProperty("revision").GetString()!) > third);
        Assert.Equal(list.GetProperty("revision").GetString(), answer.Header("X-Raftd-Revision"));
        Assert.False(list.TryGetProperty("cursor", out _));
    }

    /// <summary>The keys are a, a/1, a/2, b, b/1/x, b/1/y, c, all under list-q/.</summary>
    [Theory]
    [InlineData("prefix=list-q/", "a a/1 a/2 b b/1/x b/1/y c")]
    [InlineData("prefix64=bGlzdC1xLw", "a a/1 a/2 b b/1/x b/1/y c")]
    [InlineData("prefix=list-q/a", "a a/1 a/2")]
    [InlineData("prefix=list-q/none", "")]
    [InlineData("prefix=list-q/&start=list-q/a/2", "a/2 b b/1/x b/1/y c")]
    [InlineData("prefix=list-q/&start64=bGlzdC1xL2EvMg", "a/2 b b/1/x b/1/y c")]
    [InlineData("prefix=list-q/&end=list-q/b", "a a/1 a/2")]
    [InlineData("prefix=list-q/&end64=bGlzdC1xL2I", "a a/1 a/2")]
    [InlineData("start=list-q/a/2&end=list-q/b/1/y", "a/2 b b/1/x")]
    [InlineData("prefix=list-q/b&start=list-q/a&end=list-q/z", "b b/1/x b/1/y")]
    [InlineData("prefix=list-q/&start=list-q/c&end=list-q/a", "")]
    [InlineData("prefix=list-q/&end=%00", "")]
    [InlineData("prefix=list-q/&limit=2", "a a/1")]
    [InlineData("prefix=list-q/&sort=key&limit=1", "a")]
    [InlineData("prefix=list-q/&sort=-key", "c b/1/y b/1/x b a/2 a/1 a")]
    [InlineData("prefix=list-q/&sort=-key&limit=3", "c b/1/y b/1/x")]
    [InlineData("prefix=list-q/&sort=-key&end=list-q/b", "a/2 a/1 a")]
    [InlineData("prefix=list-q/&delimiter=/", "a a/:2 b b/:2 c")]
    [InlineData("prefix=list-q/&delimiter=/&sort=-key", "c b/:2 b a/:2 a")]
    [InlineData("prefix=list-q/b/&delimiter=/", "b/1/:2")]
    [InlineData("prefix=list-q/&delimiter=/1/", "a a/1 a/2 b b/1/:2 c")]
    [InlineData("prefix=list-q/&delimiter=/&limit=2", "a a/:2")]
    [InlineData("prefix=list-q/&keys_only=1", "a a/1 a/2 b b/1/x b/1/y c")]
    public void List_AsItIsAskedFor_HasTheseKeys(string query, string expected)
    {
        foreach (var key in (string[])["a", "a/1", "a/2", "b", "b/1/x", "b/1/y", "c"])
        {
            Put($"list-q/{key}", $"value of {key}");
        }

        var items = Json($"/keys?{query}").GetProperty("items");
        Assert.Equal(expected, Names(items));
        foreach (var item in items.EnumerateArray().Where(static item => item.TryGetProperty("key", out _)))
        {
            var value = item.TryGetProperty("value", out var text) ? text.GetString() : null;
            Assert.Equal(query.Contains("keys_only") ? null : $"value of {NameOf(item)}", value);
        }

        // The same items as lines, at each member.
        foreach (var _ in Members)
        {
            var lines = Done("GET", $"/keys?{query}", headers: Lines);
            Assert.Equal("application/x-ndjson", lines.Header("Content-Type"));
            var parsed = LinesOf(lines.Text).Where(static line => !line.TryGetProperty("more", out var _));
            Assert.Equal(items.EnumerateArray().Select(static item => item.GetRawText()), parsed.Select(static line => line.GetRawText()), StringComparer.Ordinal);
        }
    }

    /// <summary>A member may lag, but not behind what it has shown.</summary>
    [Fact]
    public void List_ThatMayBeStale_IsAnsweredByTheMemberItself()
    {
        Put("list-stale/a", "x");
        var member = Next;
        RawHttp.Send(member, "GET", "/keys?prefix=list-stale/");
        var stale = Parse(RawHttp.Send(member, "GET", "/keys?prefix=list-stale/&level=stale&redirect=1"));
        Assert.Equal("x", stale.GetProperty("items")[0].GetProperty("value").GetString());
    }

    [Fact]
    public void List_WithThePrefixInThePath_IsTheSame()
    {
        Put("list-path/a", "x");
        Assert.Equal(
            Json("/keys?prefix=list-path/").GetProperty("items").GetRawText(), Json("/keys/list-path/").GetProperty("items").GetRawText());
        Refused(400, "bad_request", "given twice", Send("GET", "/keys/a?prefix=b"));
    }

    [Fact]
    public void Count_Alone_ReadsNoItems()
    {
        var revision = Put("list-count/a", "x");
        Put("list-count/b", "x");
        var now = Json("/keys?prefix=list-count/&count_only=1");
        Assert.Equal((2, 0), (now.GetProperty("count").GetInt32(), now.GetProperty("items").GetArrayLength()));
        var then = Json($"/keys?prefix=list-count/&count_only=1&rev={revision}");
        Assert.Equal((1, $"{revision}"), (then.GetProperty("count").GetInt32(), then.GetProperty("revision").GetString()));
    }

    [Fact]
    public void List_AtARevision_ShowsThePast()
    {
        Put("list-rev/a", "one");
        var then = Put("list-rev/b", "two");
        Put("list-rev/a", "three");
        Done("DELETE", "/key/list-rev/b");
        Put("list-rev/c", "four");

        var list = Json($"/keys?prefix=list-rev/&rev={then}");
        Assert.Equal($"{then}", list.GetProperty("revision").GetString());
        Assert.Equal("one two", string.Join(' ', list.GetProperty("items").EnumerateArray().Select(static item => item.GetProperty("value"))));
        Assert.Equal(2, list.GetProperty("count").GetInt32());
        var back = Json($"/keys?prefix=list-rev/&rev={then}&sort=-key").GetProperty("items");
        Assert.Equal("two one", string.Join(' ', back.EnumerateArray().Select(static item => item.GetProperty("value"))));
        Refused(400, "bad_request", "is in the future", Send("GET", "/keys?rev=999999999"));
    }

    [Fact]
    public void Folders_CountTheirKeysAndBytes()
    {
        Put("list-fold/a/1", "12345");
        Put("list-fold/a/2", "1");
        Put("list-fold/b", "v");
        var items = Json("/keys?prefix=list-fold/&delimiter=/").GetProperty("items");
        Assert.Equal("""{"folder":"list-fold/a/","count":2,"bytes":32}""", items[0].GetRawText());
        Assert.Equal("v", items[1].GetProperty("value").GetString());
    }

    [Theory]
    [InlineData(3, "")]
    [InlineData(1, "&sort=-key")]
    [InlineData(2, "&delimiter=/")]
    [InlineData(1, "&delimiter=/&sort=-key")]
    [InlineData(4, "&keys_only=1")]
    public void Cursor_GoesOnWhereThePageEnded_AtItsRevision(int limit, string query)
    {
        for (var i = 0; i < 10; i++)
        {
            Put($"list-cursor/{i / 3}/{i}", $"{i}");
        }

        var whole = Json($"/keys?prefix=list-cursor/{query}");
        var paged = new List<string>();
        var page = Json($"/keys?prefix=list-cursor/{query}&limit={limit}");
        var revision = page.GetProperty("revision").GetString();
        while (true)
        {
            paged.AddRange(page.GetProperty("items").EnumerateArray().Select(static item => item.GetRawText()));
            Assert.Equal((revision, 10), (page.GetProperty("revision").GetString(), page.GetProperty("count").GetInt32()));
            if (!page.GetProperty("more").GetBoolean())
            {
                break;
            }

            // What is written meanwhile is not in the list: it is as of the first page.
            Put("list-cursor/0/late", "late");
            Put("list-cursor/2/late", "late");
            page = Json($"/keys?prefix=list-cursor/{query}&limit={limit}&cursor={page.GetProperty("cursor").GetString()}");
        }

        Assert.Equal(whole.GetProperty("items").EnumerateArray().Select(static item => item.GetRawText()), paged, StringComparer.Ordinal);
        Done("DELETE", "/key/list-cursor/?prefix=1");
    }

    [Fact]
    public void Cursor_InLines_IsTheLastOne()
    {
        Put("list-lines/a", "x");
        Put("list-lines/b", "x");
        var lines = LinesOf(Done("GET", "/keys?prefix=list-lines/&limit=1", headers: Lines).Text);
        Assert.Equal(["key", "more"], lines.Select(static line => line.EnumerateObject().First().Name), StringComparer.Ordinal);
        var rest = LinesOf(
            Done("GET", $"/keys?prefix=list-lines/&cursor={lines[1].GetProperty("cursor").GetString()}", headers: Lines).Text);
        Assert.Equal("list-lines/b", rest.Single().GetProperty("key").GetString());
    }

    [Fact]
    public void Cursor_WhoseRevisionIsCompacted_Is410()
    {
        Put("list-gone/a", "x");
        Put("list-gone/b", "x");
        var cursor = Json("/keys?prefix=list-gone/&limit=1").GetProperty("cursor").GetString();
        var newest = Put("list-gone/c", "x");
        Done("POST", $"/compact?rev={newest}");
        Refused(410, "compacted", "has been compacted", Send("GET", $"/keys?prefix=list-gone/&cursor={cursor}"));
        Refused(410, "compacted", "has been compacted", Send("GET", "/keys?prefix=list-gone/&rev=1", headers: Lines));
    }

    [Theory]
    [InlineData("sort=value", "`sort=value` is not offered")]
    [InlineData("sort=mod_revision", "in any other order the whole list would have to fit into memory")]
    [InlineData("limit=0", "`limit=0` is no whole number from 1")]
    [InlineData("limit=x", "`limit=x` is no whole number from 1")]
    [InlineData("rev=0", "`rev=0` is no whole number from 1")]
    [InlineData("delimiter=", "`delimiter` has 0 bytes")]
    [InlineData("cursor=abc", "`cursor` is none that this API has answered")]
    [InlineData("cursor=%ff", "`cursor` is none that this API has answered")]
    [InlineData("cursor=AQAAAAAAAAAAAAAAAQAAAAAAAAAAYQ", "`cursor` is of another list")]
    [InlineData("prefix=a&prefix64=YQ", "`prefix` and `prefix64` are the same")]
    [InlineData("start=a&start64=YQ", "`start` and `start64` are the same")]
    [InlineData("end64=*", "`end64` is not base64url")]
    [InlineData("count_only=1&limit=2", "`count_only` answers no items")]
    [InlineData("count_only=1&delimiter=/", "`count_only` answers no items")]
    [InlineData("keys_only=maybe", "`keys_only=maybe` is neither 1 nor 0")]
    [InlineData("level=odd", "`level=odd` is unknown")]
    [InlineData("colour=red", "unknown query parameter `colour`")]
    [InlineData("prefix=%zz", "malformed percent-encoding in the query")]
    public void Query_ThatSaysNothing_Is400(string query, string text) =>
        Refused(400, "bad_request", text, Send("GET", $"/keys?{query}"));

    [Fact]
    public void Cursor_WithARevision_Is400()
    {
        Put("list-both/a", "x");
        Put("list-both/b", "x");
        var cursor = Json("/keys?prefix=list-both/&limit=1").GetProperty("cursor").GetString();
        Refused(400, "bad_request", "`cursor` and `rev` contradict", Send("GET", $"/keys?prefix=list-both/&rev=2&cursor={cursor}"));
        Refused(400, "bad_request", "of another list", Send("GET", $"/keys?prefix=list-both&cursor={cursor}"));
        Refused(400, "bad_request", "of another list", Send("GET", $"/keys?prefix=list-both/&sort=-key&cursor={cursor}"));
        Refused(400, "bad_request", "of another list", Send("GET", $"/keys?prefix=list-both/&delimiter=/&cursor={cursor}"));
    }

    [Fact]
    public void Values_OfAnyKind_ComeBackAsTheyAre()
    {
        byte[][] values =
        [
            [], [0], [0xFF], [0xC3, 0x28], "\u0001\"\\\n\t</script>"u8.ToArray(), "Grüße, 世界 \U0001F600"u8.ToArray(),
            Random(4096), Random(4097), Random(100_001), Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("ä世\U0001F600x\"", 20_000))),
        ];
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(200, RawHttp.Send(Next, "PUT", $"/key/list-values/{i}", body: values[i]).Status);
        }

        var items = Json("/keys?prefix=list-values/").GetProperty("items").EnumerateArray();
        Assert.Equal(values, items.Select(static item => Bytes(item, "value", "encoding")));
    }

    /// <summary>Each byte by itself, and random ones: what is stored by a raw path is what every other way of naming it finds.</summary>
    [Fact]
    public void Keys_OfAnyBytes_ComeBackAsTheyAre()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var keys = Enumerable.Range(0, 256).Select(static value => new[] { (byte)value })
            .Concat(Enumerable.Range(0, 100).Select(_ => RandomKey(random)))
            .Select(static key => (byte[])[.. "list-bytes/"u8, .. key])
            .DistinctBy(Convert.ToHexString, StringComparer.Ordinal)
            .OrderBy(Convert.ToHexString, StringComparer.Ordinal)
            .ToArray();
        foreach (var key in keys)
        {
            var target = key.Contains((byte)0) ? $"/key/?key64={Base64Url.EncodeToString(key)}" : $"/key/{Escaped(key, random)}";
            Assert.True(RawHttp.Send(Next, "PUT", target, body: key).Status == 200, $"seed {seed}: PUT {target}");
        }

        Assert.Equal(keys, Json("/keys?prefix=list-bytes/").GetProperty("items").EnumerateArray().Select(KeyOf));
        Assert.Equal(keys, LinesOf(Done("GET", "/keys?prefix=list-bytes/", headers: Lines).Text).Select(KeyOf));
        Assert.Equal(keys.Reverse(), Json("/keys?prefix=list-bytes/&sort=-key").GetProperty("items").EnumerateArray().Select(KeyOf));

        // Pages of 7: each cursor carries another of these keys.
        var paged = new List<byte[]>();
        for (var cursor = ""; cursor is not null;)
        {
            var page = Json($"/keys?prefix=list-bytes/&keys_only=1&limit=7{cursor}");
            paged.AddRange(page.GetProperty("items").EnumerateArray().Select(KeyOf));
            cursor = page.TryGetProperty("cursor", out var next) ? $"&cursor={next.GetString()}" : null;
        }

        Assert.Equal(keys, paged);
        foreach (var key in keys)
        {
            var named = Base64Url.EncodeToString(key);
            Assert.True(RawHttp.Send(Next, "GET", $"/key/?key64={named}").Body.SequenceEqual(key), $"seed {seed}: key64={named}");
            var listed = Json($"/keys?start64={named}&limit=1").GetProperty("items")[0];
            Assert.True(KeyOf(listed).SequenceEqual(key), $"seed {seed}: start64={named}");
            Assert.True(Bytes(listed, "value", "encoding").SequenceEqual(key), $"seed {seed}: the value of {named}");
        }

        byte[] KeyOf(JsonElement item) => Bytes(item, "key", "key_encoding");
    }

    /// <summary>A reader that has begun, and a compaction behind its revision.</summary>
    [Fact]
    public void Lines_WhoseRevisionIsCompacted_EndWithALineThatSaysSo()
    {
        var value = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(new string('v', 200_000)));
        for (var i = 0; i < 200; i++)
        {
            Put($"list-cut/{i:000}", value);
        }

        using var lines = RawHttp.Connect(Next);
        using var json = RawHttp.Connect(Next);
        lines.SendRequest("GET", "/keys?prefix=list-cut/", Lines);
        json.SendRequest("GET", "/keys?prefix=list-cut/");
        lines.ReadByte();
        json.ReadByte();
        Done("POST", $"/compact?rev={Put("list-cut-after", "x")}");

        var cut = lines.ReadTextToTheEnd();
        Assert.Contains("\n{\"error\":\"revision ", cut, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"compacted\"", cut[^400..], StringComparison.Ordinal);
        Assert.False(cut.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), "the body ended as if it were whole");
        var part = json.ReadTextToTheEnd();
        Assert.DoesNotContain("\"more\"", part, StringComparison.Ordinal);
        Assert.False(part.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), "the body ended as if it were whole");
        Assert.Equal("200", $"{Json("/keys?prefix=list-cut/&count_only=1").GetProperty("count")}");
        Done("DELETE", "/key/list-cut/?prefix=1");
    }

    [Fact]
    public void Head_OfAList_HasNoBody() => Assert.Empty(Done("HEAD", "/keys?prefix=list-").Body);

    private static string NameOf(JsonElement item) => item.TryGetProperty("folder", out var folder)
        ? $"{folder.GetString()!["list-q/".Length..]}:{item.GetProperty("count")}"
        : item.GetProperty("key").GetString()!["list-q/".Length..];

    private static string Names(JsonElement items) => string.Join(' ', items.EnumerateArray().Select(NameOf));

    private static JsonElement[] LinesOf(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => JsonElement.Parse(line))];

    private static byte[] Random(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    private static byte[] RandomKey(Random random)
    {
        var key = new byte[random.Next(1, 20)];
        random.NextBytes(key);
        return key;
    }

    /// <summary>What must be escaped in a path, and some of the rest.</summary>
    private static string Escaped(byte[] key, Random random) => string.Concat(key.Select(value =>
        value is > (byte)' ' and < 0x7F and not ((byte)'%' or (byte)'?' or (byte)'#') && random.Next(4) > 0
            ? $"{(char)value}"
            : $"%{value:x2}"));
}
