using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Raftd.Peers;

/// <summary>Reads the answer of another process, which may be any bytes.</summary>
internal static class ForeignJson
{
    /// <returns>False when the bytes are not such a value, or null.</returns>
    public static bool TryRead<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> type, [NotNullWhen(true)] out T? value)
    {
        try
        {
            value = JsonSerializer.Deserialize(bytes, type);
        }
        catch (JsonException)
        {
            value = default;
            return false;
        }

        return value is not null;
    }
}
