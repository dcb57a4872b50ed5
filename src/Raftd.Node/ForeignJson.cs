using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Raftd.Node;

/// <summary>What another process answered, which may be anything.</summary>
internal static class ForeignJson
{
    /// <returns>False for what is no such value, null among it.</returns>
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
