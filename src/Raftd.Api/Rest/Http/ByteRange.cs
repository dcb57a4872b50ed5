using Microsoft.Net.Http.Headers;

namespace Raftd.Api.Rest.Http;

/// <summary>The part [Start, End) of a value.</summary>
internal readonly record struct ByteRange(long Start, long End)
{
    public long Length => End - Start;

    /// <summary>Reads a Range header against a value's length.</summary>
    /// <returns>False for no header, another unit, several ranges or a malformed one: the whole value is answered, as
    /// RFC 9110 (14.2) allows. True with null for a range that lies beyond the value.</returns>
    public static bool TryParse(string? header, long lengthBytes, out ByteRange? range)
    {
        range = null;
        if (header is null
            || !RangeHeaderValue.TryParse(header, out var parsed)
            || !string.Equals(parsed.Unit.Value, "bytes", StringComparison.OrdinalIgnoreCase)
            || parsed.Ranges.Count != 1)
        {
            return false;
        }

        var asked = parsed.Ranges.First();
        var start = asked.From ?? Math.Max(0, lengthBytes - asked.To!.Value);
        var end = asked.From is null ? lengthBytes : Math.Min(asked.To ?? long.MaxValue - 1, lengthBytes - 1) + 1;
        range = start < end ? new ByteRange(start, end) : null;
        return true;
    }
}
