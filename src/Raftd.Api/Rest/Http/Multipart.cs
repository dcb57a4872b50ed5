using System.Text;
using Microsoft.Net.Http.Headers;

namespace Raftd.Api.Rest.Http;

/// <summary>multipart/form-data (RFC 7578) in memory; the fields are slices of the body, nothing is copied.</summary>
/// <remarks>
/// <code>
/// --boundary CRLF  header CRLF …  CRLF  data  CRLF--boundary CRLF …  CRLF--boundary--
/// </code>
/// Own code because the framework's reader copies each part through a stream, and data may be as large as a value.
/// </remarks>
internal static class Multipart
{
    private const int MaxBoundaryBytes = 70; // RFC 2046, 5.1.1
    private const int MaxParts = 64;

    public static Fields Parse(ReadOnlyMemory<byte> body, MediaTypeHeaderValue type)
    {
        var boundary = HeaderUtilities.RemoveQuotes(type.Boundary).Value;
        if (string.IsNullOrEmpty(boundary) || boundary.Length > MaxBoundaryBytes)
        {
            ApiException.BadRequest("the multipart body has no usable boundary");
        }

        var delimiter = Encoding.ASCII.GetBytes("\r\n--" + boundary);
        if (!body.Span.StartsWith(delimiter.AsSpan(2)))
        {
            throw Malformed();
        }

        var fields = new Fields();
        var rest = body[(delimiter.Length - 2)..];
        for (var parts = 0; !rest.Span.StartsWith("--"u8); parts++)
        {
            if (parts == MaxParts || !rest.Span.StartsWith("\r\n"u8))
            {
                throw Malformed();
            }

            rest = AddPart(fields, rest, delimiter);
        }

        return fields;
    }

    /// <returns>What follows the delimiter at the part's end.</returns>
    private static ReadOnlyMemory<byte> AddPart(Fields fields, ReadOnlyMemory<byte> part, byte[] delimiter)
    {
        // From the line end before the headers, so that a part without headers is found as well.
        var headersEnd = part.Span.IndexOf("\r\n\r\n"u8);
        if (headersEnd < 0)
        {
            throw Malformed();
        }

        var headers = Encoding.UTF8.GetString(part.Span[..headersEnd]);

        // The data's end may share its CRLF with the headers' end: an empty part.
        var data = part[(headersEnd + 2)..];
        var end = data.Span.IndexOf(delimiter);
        if (end < 0)
        {
            throw Malformed();
        }

        fields.Add(NameOf(headers), end == 0 ? default : data[2..end]);
        return data[(end + delimiter.Length)..];
    }

    private static string NameOf(string headers)
    {
        foreach (var line in headers.Split("\r\n"))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0
                && line.AsSpan(0, colon).Equals("Content-Disposition", StringComparison.OrdinalIgnoreCase)
                && ContentDispositionHeaderValue.TryParse(line[(colon + 1)..].Trim(), out var disposition)
                && HeaderUtilities.RemoveQuotes(disposition.Name).Value is { Length: > 0 } name)
            {
                return name;
            }
        }

        throw Malformed();
    }

    private static ApiException Malformed() =>
        new(ApiError.BadRequest("the multipart body is malformed", "curl -F makes a good one"));
}
