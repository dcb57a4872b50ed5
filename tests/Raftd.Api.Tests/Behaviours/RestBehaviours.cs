using System.Text;
using System.Text.Json;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>What clients of the REST face may rely on, whichever member they ask: each body runs against a member in this process
/// (Raftd.Api.Tests) and against three real ones (Raftd.Cluster.Tests).</summary>
/// <remarks>The members are shared: a test uses keys of its own name.</remarks>
public abstract class RestBehaviours
{
    private int _asked;

    protected abstract IReadOnlyList<IApiHost> Members { get; }

    /// <summary>Each one in turn: an answer of one goes on at the next.</summary>
    private protected IApiHost Next => Members[_asked++ % Members.Count];

    private protected RawAnswer Send(string method, string target, string body = "", string headers = "") =>
        RawHttp.Send(Next, method, target, headers, method is "GET" or "HEAD" ? null : Encoding.UTF8.GetBytes(body));

    private protected RawAnswer Done(string method, string target, string body = "", string headers = "")
    {
        var answer = Send(method, target, body, headers);
        Assert.True(answer.Status is 200 or 201, $"{method} {target}: {answer.Status} {answer.Text}");
        return answer;
    }

    private protected long Put(string key, string value) =>
        long.Parse(Done("PUT", $"/key/{key}", value).Header("X-Raftd-Revision")!);

    private protected JsonElement Json(string target) => Parse(Done("GET", target));

    private protected void Refused(int status, string code, string text, RawAnswer answer)
    {
        Assert.True(status == answer.Status, $"{answer.Status} {answer.Text}");
        var error = Parse(answer);
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains(text, error.GetProperty("error").GetString() + " " + error.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.NotNull(answer.Header("X-Raftd-Revision"));
    }

    private protected static JsonElement Parse(RawAnswer answer) => JsonElement.Parse(answer.Text);

    private protected static byte[] Bytes(JsonElement item, string name, string encodingName)
    {
        var text = item.GetProperty(name).GetString()!;
        return item.TryGetProperty(encodingName, out var encoding) && encoding.GetString() == "base64"
            ? Convert.FromBase64String(text)
            : Encoding.UTF8.GetBytes(text);
    }
}
