using System.Text;

namespace Raftd.Api.Tests;

/// <summary>/key/{key}, as a client sees it.</summary>
public abstract class KeyApiTests(InMemoryHost host)
{
    [Fact]
    public void Put_NewKey_IsReadBackWithItsRevisions()
    {
        var put = Put("/key/kv/a.json", "{}");
        var get = RawHttp.Send(host, "GET", "/key/kv/a.json");

        Assert.Equal((200, 0), (put.Status, put.Body.Length));
        var revision = put.Header("X-Raftd-Revision");
        Assert.Equal($"\"{revision}\"", put.Header("ETag"));
        Assert.Equal("{}", get.Text);
        Assert.Equal(put.Header("ETag"), get.Header("ETag"));
        Assert.Equal(revision, get.Header("X-Raftd-Create-Revision"));
        Assert.Equal(revision, get.Header("X-Raftd-Mod-Revision"));
        Assert.Equal("1", get.Header("X-Raftd-Version"));
        Assert.Equal("0", get.Header("X-Raftd-Lease"));
        Assert.Equal("application/json", get.Header("Content-Type"));
        Assert.Equal("nosniff", get.Header("X-Content-Type-Options"));
        Assert.Equal("sandbox; default-src 'none'", get.Header("Content-Security-Policy"));
        Assert.Null(get.Header("Server"));
    }

    [Fact]
    public void Get_EmptyValue_Is200WithLengthZero()
    {
        Put("/key/kv/empty", "");
        var get = RawHttp.Send(host, "GET", "/key/kv/empty");
        Assert.Equal((200, "0"), (get.Status, get.Header("Content-Length")));
        Assert.Equal("application/octet-stream", get.Header("Content-Type"));
    }

    [Fact]
    public void Head_OfAKey_AnswersAsGetWithoutTheBody()
    {
        Put("/key/kv/head", "four");
        var head = RawHttp.Send(host, "HEAD", "/key/kv/head");
        Assert.Equal((200, "4"), (head.Status, head.Header("Content-Length")));
        Assert.Equal(404, RawHttp.Send(host, "HEAD", "/key/kv/no-such").Status);
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    [InlineData(32 << 20)]
    public async Task Put_ValueOfAnySize_IsReadBack(int length)
    {
        var value = new byte[length];
        new Random(1).NextBytes(value);
        Assert.Equal(200, RawHttp.Send(host, "PUT", "/key/kv/large", body: value).Status);
        Assert.Equal(value, RawHttp.Send(host, "GET", "/key/kv/large").Body);
        await host.AllBodiesAreReleasedAsync();
    }

    [Fact]
    public void Put_Prev_AnswersTheValueBefore()
    {
        Assert.Equal(204, Put("/key/kv/prev?prev=1", "one").Status);
        var second = Put("/key/kv/prev?prev=1", "two");
        Assert.Equal((200, "one"), (second.Status, second.Text));

        // The body is the old version, and the headers speak of it; the new one has no ETag on it.
        Assert.Null(second.Header("ETag"));
        Assert.Equal("1", second.Header("X-Raftd-Version"));
        var revision = long.Parse(second.Header("X-Raftd-Revision")!);
        Assert.True(long.Parse(second.Header("X-Raftd-Mod-Revision")!) < revision);
        Assert.Equal($"\"{revision}\"", RawHttp.Send(host, "GET", "/key/kv/prev").Header("ETag"));
    }

    [Fact]
    public void Put_Conditions_AreComparedWithTheKey()
    {
        var missing = Put("/key/kv/cond", "x", "If-Match: *\r\n");
        Assert.Equal(412, missing.Status);
        Assert.Contains("precondition failed: there is no such key; nothing was written", missing.Text, StringComparison.Ordinal);
        var created = Put("/key/kv/cond", "x", "If-None-Match: *\r\n");
        Assert.Equal(200, created.Status);

        var again = Put("/key/kv/cond", "y", "If-None-Match: *\r\n");
        Assert.Equal(412, again.Status);
        Assert.Contains("\"code\":\"condition_failed\"", again.Text, StringComparison.Ordinal);
        var modRevision = created.Header("ETag")!.Trim('"');
        Assert.Contains(
            $"precondition failed: the key has mod revision {modRevision}; nothing was written", again.Text, StringComparison.Ordinal);
        Assert.NotNull(again.Header("X-Raftd-Revision"));

        Assert.Equal(412, Put("/key/kv/cond", "y", "If-Match: \"1\", \"foreign\", W/\"9\"\r\n").Status);
        Assert.Equal(200, Put("/key/kv/cond", "y", $"If-Match: \"1\", {created.Header("ETag")}\r\n").Status);
        Assert.Equal(400, Put("/key/kv/cond", "z", "If-Match: 7\r\n").Status);
        Assert.Equal(400, Put("/key/kv/cond", "z", "If-None-Match: \"7\"\r\n").Status);
        Assert.Equal("y", RawHttp.Send(host, "GET", "/key/kv/cond").Text);
    }

    [Fact]
    public void Put_TtlAndLease_AttachAndDetach()
    {
        Put("/key/kv/ttl?ttl=30", "x");
        Assert.Matches("^[1-9]", RawHttp.Send(host, "GET", "/key/kv/ttl").Header("X-Raftd-Lease"));
        Put("/key/kv/ttl?ttl=0", "x");
        Assert.Equal("0", RawHttp.Send(host, "GET", "/key/kv/ttl").Header("X-Raftd-Lease"));

        var lease = RawHttp.Send(host, "POST", "/lease/grant?ttl=60&name=kv-lease").Text;
        Put($"/key/kv/ttl?lease={lease}", "x");
        Assert.Equal(lease, RawHttp.Send(host, "GET", "/key/kv/ttl").Header("X-Raftd-Lease"));
        Assert.Equal(404, Put("/key/kv/ttl?lease=4", "x").Status);
    }

    [Fact]
    public void Get_IfNoneMatchOfTheVersion_Is304()
    {
        var tag = Put("/key/kv/fresh", "x").Header("ETag");
        var fresh = RawHttp.Send(host, "GET", "/key/kv/fresh", $"If-None-Match: {tag}\r\n");
        Assert.Equal(304, fresh.Status);
        Assert.Equal(tag, fresh.Header("ETag"));
        Assert.Equal(200, RawHttp.Send(host, "GET", "/key/kv/fresh", "If-None-Match: \"1\"\r\n").Status);
        Assert.Equal(412, RawHttp.Send(host, "GET", "/key/kv/fresh", "If-Match: \"1\"\r\n").Status);
    }

    [Theory]
    [InlineData("bytes=2-3", 206, "23", "bytes 2-3/10")]
    [InlineData("bytes=7-", 206, "789", "bytes 7-9/10")]
    [InlineData("bytes=-2", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=-99", 206, "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=8-99", 206, "89", "bytes 8-9/10")]
    [InlineData("bytes=0-9223372036854775807", 206, "0123456789", "bytes 0-9/10")]
    [InlineData("bytes=10-", 416, null, "bytes */10")]
    [InlineData("bytes=-0", 416, null, "bytes */10")]
    [InlineData("bytes=1-2,4-5", 200, "0123456789", null)]
    [InlineData("bytes=3-2", 200, "0123456789", null)]
    [InlineData("lines=1-2", 200, "0123456789", null)]
    public void Get_Range_AnswersThePart(string range, int status, string? body, string? contentRange)
    {
        Put("/key/kv/range", "0123456789");
        var answer = RawHttp.Send(host, "GET", "/key/kv/range", $"Range: {range}\r\n");
        Assert.Equal((status, contentRange), (answer.Status, answer.Header("Content-Range")));
        if (body is not null)
        {
            Assert.Equal(body, answer.Text);
        }
    }

    [Fact]
    public void Get_IfRangeOfAnotherVersion_AnswersTheWhole()
    {
        var tag = Put("/key/kv/ifrange", "0123").Header("ETag");
        Assert.Equal(206, RawHttp.Send(host, "GET", "/key/kv/ifrange", $"Range: bytes=0-0\r\nIf-Range: {tag}\r\n").Status);
        Assert.Equal(200, RawHttp.Send(host, "GET", "/key/kv/ifrange", "Range: bytes=0-0\r\nIf-Range: \"1\"\r\n").Status);
    }

    [Fact]
    public void Get_RevAndDefault_AnswerThePastAndTheAbsent()
    {
        var first = Put("/key/kv/past", "one").Header("X-Raftd-Revision");
        Put("/key/kv/past", "two");
        Assert.Equal("one", RawHttp.Send(host, "GET", $"/key/kv/past?rev={first}").Text);
        Assert.Equal("two", RawHttp.Send(host, "GET", "/key/kv/past?level=stale").Text);
        Assert.Equal(400, RawHttp.Send(host, "GET", "/key/kv/past?rev=999999999").Status);
        Assert.Equal("1+1", RawHttp.Send(host, "GET", "/key/kv/absent?default=1+1").Text);
    }

    [Fact]
    public async Task Get_Wait_AnswersTheNewerVersionOr304()
    {
        var revision = Put("/key/kv/wait", "old").Header("X-Raftd-Revision");
        Assert.Equal("old", RawHttp.Send(host, "GET", "/key/kv/wait?wait=30s&after=0").Text);
        var silent = RawHttp.Send(host, "GET", $"/key/kv/wait?wait=1ms&after={revision}");
        Assert.Equal(304, silent.Status);
        Assert.NotNull(silent.Header("X-Raftd-Revision"));

        var waiting = Task.Run(() => RawHttp.Send(host, "GET", $"/key/kv/wait?wait=30s&after={revision}"));
        Put("/key/kv/wait", "new");
        Assert.Equal("new", (await waiting).Text);

        var deleted = Task.Run(() => RawHttp.Send(host, "GET", $"/key/kv/wait?wait=30s&after={long.Parse(revision!) + 1}"));
        RawHttp.Send(host, "DELETE", "/key/kv/wait");
        Assert.Equal(404, (await deleted).Status);
    }

    [Fact]
    public void Delete_OneOrManyOrUnderACondition_SaysHowMany()
    {
        Put("/key/kv/del/1", "x");
        Put("/key/kv/del/2", "x");
        Put("/key/kv/delta", "x");
        Assert.Equal(412, RawHttp.Send(host, "DELETE", "/key/kv/del/1", "If-Match: \"1\"\r\n").Status);
        Assert.Equal("1", RawHttp.Send(host, "DELETE", "/key/kv/del/1").Header("X-Raftd-Deleted"));
        var again = RawHttp.Send(host, "DELETE", "/key/kv/del/1");
        Assert.Equal((200, "0"), (again.Status, again.Header("X-Raftd-Deleted")));
        Assert.Equal("2", RawHttp.Send(host, "DELETE", "/key/kv/del?prefix=1").Header("X-Raftd-Deleted"));
        Assert.Equal(400, RawHttp.Send(host, "DELETE", "/key/kv/del?prefix=1", "If-Match: *\r\n").Status);
        Assert.Equal(400, RawHttp.Send(host, "DELETE", "/key/?prefix=1").Status);
        Assert.Equal(400, RawHttp.Send(host, "DELETE", "/key/kv?all=1").Status);
    }

    [Theory]
    [InlineData("GET", "/key/", "the key is empty")]
    [InlineData("GET", "/key", "the key is empty")]
    [InlineData("GET", "/key/%zz", "malformed percent-encoding in the path")]
    [InlineData("GET", "/key/a%4", "malformed percent-encoding in the path")]
    [InlineData("GET", "/key/%", "malformed percent-encoding in the path")]
    [InlineData("GET", "/key/a?colour=red", "unknown query parameter `colour`")]
    [InlineData("GET", "/key/a?level=odd", "`level=odd` is unknown")]
    [InlineData("GET", "/key/a?rev=-1", "`rev=-1` is no whole number")]
    [InlineData("GET", "/key/a?rev=1&rev=2", "`rev` is given twice")]
    [InlineData("GET", "/key/a?default=%f", "malformed percent-encoding in the query")]
    [InlineData("GET", "/key/a?level=%ff", "`level` is not UTF-8")]
    [InlineData("GET", "/key/a?wait=30s", "`wait` and `after` go together")]
    [InlineData("GET", "/key/a?wait=30x&after=1", "is no time")]
    [InlineData("GET", "/key/a?wait=99999999999h&after=1", "is no time")]
    [InlineData("GET", "/key/?key64=!!", "`key64` is not base64url")]
    [InlineData("GET", "/key/a?key64=YQ", "the key is given twice")]
    [InlineData("PUT", "/key/a?ttl=9000000001", "`ttl=9000000001` is no whole number")]
    [InlineData("PUT", "/key/a?ttl=1&lease=1", "contradict each other")]
    [InlineData("PUT", "/key/a?lease=0", "`lease=0` is no whole number")]
    [InlineData("PUT", "/key/a?prev=maybe", "is neither 1 nor 0")]
    public void Request_ThatIsMalformed_Is400AndNamesWhatIsWrong(string method, string target, string expected)
    {
        var answer = RawHttp.Send(host, method, target, body: method == "PUT" ? [] : null);
        Assert.Equal(400, answer.Status);
        Assert.Contains(expected, answer.Text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"bad_request\"", answer.Text, StringComparison.Ordinal);
        Assert.NotNull(answer.Header("X-Raftd-Revision"));
    }

    [Fact]
    public void Key_LongerThanItsLimit_Is400()
    {
        Assert.Equal(200, Put("/key/" + new string('k', 4096), "x").Status);
        Assert.Equal(400, Put("/key/" + new string('k', 4097), "x").Status);
        Assert.Equal(200, Put("/key/" + string.Concat(Enumerable.Repeat("%6b", 4096)), "x").Status);
    }

    private RawAnswer Put(string target, string value, string headers = "") =>
        RawHttp.Send(host, "PUT", target, headers, Encoding.UTF8.GetBytes(value));
}
