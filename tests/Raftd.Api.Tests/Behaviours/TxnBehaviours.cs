using System.Text;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>`POST /txn`.</summary>
public abstract class TxnBehaviours : RestBehaviours
{
    [Fact]
    public void Txn_WhoseConditionsHold_DoesAllOfThenAtOneRevision()
    {
        Put("txn/from", "10");
        var to = Put("txn/to", "5");
        var answer = Done(
            "POST",
            "/txn",
            $$"""
            {"if":   [{"key": "txn/from", "value": "10"}, {"key": "txn/to", "mod_revision": "{{to}}"}, {"key": "txn/new", "exists": false}],
             "then": [{"put": "txn/from", "value": "9", "prev": true}, {"put": "txn/new", "value64": "/wA="}, {"delete": "txn/to", "prev": true},
                      {"get": "txn/", "prefix": true}],
             "else": [{"get": "txn/from"}]}
            """);
        var result = Parse(answer);
        Assert.True(result.GetProperty("succeeded").GetBoolean());
        var results = result.GetProperty("results");
        Assert.Equal("10", results[0].GetProperty("prev")[0].GetProperty("value").GetString());
        Assert.Equal("""{"prev":[]}""", results[1].GetRawText());
        Assert.Equal((1, "5"), (results[2].GetProperty("deleted").GetInt32(), results[2].GetProperty("prev")[0].GetProperty("value").GetString()));
        Assert.Equal(2, results[3].GetProperty("count").GetInt32());
        var items = results[3].GetProperty("items");
        Assert.Equal([(byte)0xFF, (byte)0], Bytes(items[1], "value", "encoding"));
        var revision = result.GetProperty("revision").GetString();
        Assert.Equal([revision, revision], items.EnumerateArray().Select(static item => item.GetProperty("mod_revision").GetString()), StringComparer.Ordinal);
        Assert.Equal(revision, answer.Header("X-Raftd-Revision"));
        Assert.Equal(404, Send("GET", "/key/txn/to").Status);
        Done("DELETE", "/key/txn/?prefix=1");
    }

    [Theory]
    [InlineData("""{"key":"txn-if/a","value":"5"}""", true)]
    [InlineData("""{"key":"txn-if/a","value64":"NQ"}""", true)]
    [InlineData("""{"key64":"dHhuLWlmL2E=","value":"5","is":"!="}""", false)]
    [InlineData("""{"key":"txn-if/a","value":"4","is":">"}""", true)]
    [InlineData("""{"key":"txn-if/a","value":"4","is":"<"}""", false)]
    [InlineData("""{"key":"txn-if/a","version":2}""", true)]
    [InlineData("""{"key":"txn-if/a","version":"1","is":">"}""", true)]
    [InlineData("""{"key":"txn-if/a","create_revision":0}""", false)]
    [InlineData("""{"key":"txn-if/a","mod_revision":1,"is":"<"}""", false)]
    [InlineData("""{"key":"txn-if/a","lease":0}""", true)]
    [InlineData("""{"key":"txn-if/a","exists":true}""", true)]
    [InlineData("""{"key":"txn-if/a","exists":false}""", false)]
    [InlineData("""{"key":"txn-if/none","exists":false}""", true)]
    [InlineData("""{"key":"txn-if/none","value":"5","is":"!="}""", false)]
    [InlineData("""{"key":"txn-if/","prefix":true,"version":0,"is":">"}""", true)]
    [InlineData("""{"key":"txn-if/","prefix":true,"version":1}""", false)]
    public void Compare_OfEachKind_Decides(string condition, bool holds)
    {
        Done("DELETE", "/key/txn-if/a");
        Put("txn-if/a", "1");
        Put("txn-if/a", "5");
        Put("txn-if/b", "5");
        var body = $$"""{"if":[{{condition}}],"then":[{"put":"txn-then","value":"x"}],"else":[{"get":"txn-if/a"}]}""";
        Assert.Equal(holds, Parse(Done("POST", "/txn", body)).GetProperty("succeeded").GetBoolean());
    }

    [Theory]
    [InlineData("", "the body is no JSON of a transaction")]
    [InlineData("{", "the body is no JSON of a transaction")]
    [InlineData("[]", "the body is no object in braces")]
    [InlineData("null", "the body is no object in braces")]
    [InlineData("{}", "there is nothing to do")]
    [InlineData("""{"then":[],"else":[]}""", "there is nothing to do")]
    [InlineData("""{"then":{}}""", "`then` is not a list in brackets")]
    [InlineData("""{"then":[7]}""", "`then[0]` is no object in braces")]
    [InlineData("""{"than":[],"then":[{"get":"a"}]}""", "`than` is unknown here")]
    [InlineData("""{"then":[{"get":"a"}],"then":[{"get":"b"}]}""", "the body is no JSON of a transaction")]
    [InlineData("""{"then":[{"get":"a"},{"put":"a"}]}""", "`then[1].value` is missing")]
    [InlineData("""{"then":[{"put":"a","value":1}]}""", "`then[0].value` is not text in quotes")]
    [InlineData("""{"then":[{"put":"a","valeu":"1","value":"1"}]}""", "`then[0].valeu` is unknown here")]
    [InlineData("""{"then":[{"put":"a","value":"1","value64":"MQ"}]}""", "`then[0].value` and `value64` are the same")]
    [InlineData("""{"then":[{"put":"a","value64":"*"}]}""", "`then[0].value64` is not base64")]
    [InlineData("""{"then":[{"put":"a","value":"\ud800"}]}""", "`then[0].value` is not Unicode")]
    [InlineData("""{"then":[{"put":"","value":"1"}]}""", "`then[0].put` is empty")]
    [InlineData("""{"then":[{"put":"a","get":"a","value":"1"}]}""", "`then[0].get` is unknown here, or says nothing beside the others")]
    [InlineData("""{"then":[{}]}""", "`then[0]`: it does nothing")]
    [InlineData("""{"else":[{"get":"a","limit":-1}]}""", "`else[0].limit` is no whole number from 0")]
    [InlineData("""{"else":[{"get":"a","prefix":1}]}""", "`else[0].prefix` is neither true nor false")]
    [InlineData("""{"if":[{"key":"a"}],"then":[{"get":"a"}]}""", "`if[0]`: it compares nothing")]
    [InlineData("""{"if":[{"value":"a"}],"then":[{"get":"a"}]}""", "`if[0].key` is missing")]
    [InlineData("""{"if":[{"key":"a","version":1,"is":"=>"}],"then":[{"get":"a"}]}""", "`if[0].is` `=>` is unknown")]
    [InlineData("""{"if":[{"key":"a","version":1.5}],"then":[{"get":"a"}]}""", "`if[0].version` is no whole number from 0")]
    [InlineData("""{"if":[{"key":"a","version":1,"value":"x"}],"then":[{"get":"a"}]}""", "`if[0].version` is unknown here, or says nothing")]
    [InlineData("""{"if":[{"key":"a","exists":true,"is":"="}],"then":[{"get":"a"}]}""", "`if[0].is` is unknown here, or says nothing")]
    [InlineData("""{"then":[{"put":"a","value":"1"},{"put":"a","value":"2"}]}""", "puts a key of 1 bytes twice")]
    [InlineData("""{"then":[{"delete":"","prefix":true}]}""", "`then[0].delete` is empty")]
    public void Body_ThatIsWrong_Is400WithItsPlace(string body, string text) =>
        Refused(400, "bad_request", text, Send("POST", "/txn", body));

    [Fact]
    public void Txn_BeyondABound_IsRefused()
    {
        Refused(404, "not_found", "lease", Send("POST", "/txn", """{"then":[{"put":"txn-lease","value":"1","lease":77}]}"""));
        var gets = string.Join(',', Enumerable.Range(0, 129).Select(static i => $$"""{"get":"{{i}}"}"""));
        Refused(400, "bad_request", "allowed are 128", Send("POST", "/txn", $$"""{"then":[{{gets}}]}"""));
        Refused(413, "too_large", "fixed for /txn", Send("POST", "/txn", new string(' ', (8 << 20) + 1)));
        var key = new string('k', 4097);
        Refused(400, "bad_request", "at most 4096 bytes", Send("POST", "/txn", $$"""{"then":[{"put":"{{key}}","value":""}]}"""));
        Refused(400, "bad_request", "unknown query parameter", Send("POST", "/txn?a=1", "{}"));
        var bytes = Encoding.Latin1.GetBytes("""{"then":[{"put":"a","value":"x"}]}""".Replace('x', '\u00FF'));
        Refused(400, "bad_request", "is not Unicode", RawHttp.Send(Next, "POST", "/txn", body: bytes));
    }
}
