using System.Text.Json;

namespace Raftd.Cli;

/// <summary>A member's refusal, in its own words.</summary>
/// <param name="What">The status, where the body is not raftd's.</param>
/// <param name="ToDo">Null where it does not say.</param>
internal readonly record struct MemberError(string What, string? ToDo)
{
    public static MemberError Read(ReadOnlyMemory<byte> body, int status)
    {
        var (what, toDo) = ($"status {status}", (string?)null);
        try
        {
            using var json = JsonDocument.Parse(body);
            what = json.RootElement.GetProperty("error").GetString() ?? what;
            toDo = json.RootElement.GetProperty("hint").GetString();
        }
        catch (Exception foreign) when (foreign is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not raftd's.
        }

        return new MemberError(what, toDo);
    }
}
