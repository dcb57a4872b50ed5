using System.Net.Http.Headers;
using System.Text.Json;

namespace Raftd.Cli.Moving;

internal sealed record RestAnswer(int Status, HttpResponseHeaders Headers, byte[] Body)
{
    public string Text => System.Text.Encoding.UTF8.GetString(Body);

    /// <summary>A member's own words, or the status where it has none.</summary>
    public string ErrorText
    {
        get
        {
            try
            {
                using var json = JsonDocument.Parse(Body);
                return json.RootElement.GetProperty("error").GetString() ?? $"status {Status}";
            }
            catch (Exception foreign) when (foreign is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                return $"status {Status}";
            }
        }
    }

    public JsonDocument Json() => JsonDocument.Parse(Body);

    /// <summary>A header's number; 0 where it is missing.</summary>
    public long Number(string header) =>
        Headers.TryGetValues(header, out var values) && long.TryParse(values.First(), out var number) ? number : 0;
}
