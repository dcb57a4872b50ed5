using System.Net.Http.Headers;
using System.Text.Json;

namespace Raftd.Cli.Moving;

internal sealed record RestAnswer(int Status, HttpResponseHeaders Headers, byte[] Body)
{
    /// <summary>A member may do the same call a moment later, or another one now.</summary>
    public bool IsPassing => Status is 429 or 503 or 504;

    /// <summary>A member's own words, or the status where it has none.</summary>
    public string ErrorText => MemberError.Read(Body, Status).What;

    public JsonDocument Json() => JsonDocument.Parse(Body);

    /// <summary>A header's number; 0 where it is missing.</summary>
    public long Number(string header) =>
        Headers.TryGetValues(header, out var values) && long.TryParse(values.First(), out var number) ? number : 0;
}
