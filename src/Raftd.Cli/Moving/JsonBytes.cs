using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Google.Protobuf;

namespace Raftd.Cli.Moving;

/// <summary>Text of JSON as the bytes of its UTF-8.</summary>
internal static class JsonBytes
{
    /// <param name="json">At a string, or at the name of a property.</param>
    public static ByteString Of(Utf8JsonReader json)
    {
        if (json.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
        {
            throw new JsonException("a text is none");
        }

        if (!json.ValueIsEscaped)
        {
            return ByteString.CopyFrom(json.ValueSpan);
        }

        // What is unescaped is never longer.
        var bytes = new byte[json.ValueSpan.Length];
        var written = json.CopyString(bytes);
        return UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, written));
    }

    /// <param name="text">Base64.</param>
    /// <param name="what">That it is, for the error.</param>
    public static ByteString Decode(ByteString text, string what)
    {
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text.Span, bytes, out _, out var written) == OperationStatus.Done
            ? UnsafeByteOperations.UnsafeWrap(bytes.AsMemory(0, written))
            : throw new JsonException($"{what} is no base64");
    }
}
