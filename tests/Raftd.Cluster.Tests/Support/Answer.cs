using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What a member answered.</summary>
internal sealed record Answer(int Status, HttpResponseHeaders Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    /// <summary>The name of the error, as rest-api.md lists them.</summary>
    public string? Code => Status >= 400 ? Json.GetProperty("code").GetString() : null;

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    public override string ToString() => $"{Status} {Text[..Math.Min(Text.Length, 500)]}";
}
