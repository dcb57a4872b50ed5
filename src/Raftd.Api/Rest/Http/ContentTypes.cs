using System.Collections.Frozen;
using Microsoft.AspNetCore.StaticFiles;

namespace Raftd.Api.Rest.Http;

/// <summary>The media type of a value, from the extension of its key.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";
    public const string NdJson = "application/x-ndjson";
    public const string Bytes = "application/octet-stream";
    public const string Text = "text/plain; charset=utf-8";
    public const string Html = "text/html; charset=utf-8";

    private const int MaxExtensionBytes = 16;

    private static readonly FrozenDictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> ByExtension =
        new FileExtensionContentTypeProvider().Mappings
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    public static string Of(ReadOnlySpan<byte> key)
    {
        var dot = key.LastIndexOfAny((byte)'.', (byte)'/');
        if (dot < 0 || key[dot] == '/' || key.Length - dot > MaxExtensionBytes)
        {
            return Bytes;
        }

        Span<char> extension = stackalloc char[MaxExtensionBytes];
        var length = key.Length - dot;
        for (var i = 0; i < length; i++)
        {
            extension[i] = (char)key[dot + i];
        }

        return ByExtension.TryGetValue(extension[..length], out var type) ? type : Bytes;
    }
}
