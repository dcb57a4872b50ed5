using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Raftd.Api.Rest.Http;

/// <summary>The named values of a request, from its query and its form. A name comes once; values are bytes.</summary>
/// <remarks>Own code because the framework's parser turns `+` of a query into a space, leaves bytes that are not UTF-8
/// undecoded, and lets duplicates and malformed escapes pass.</remarks>
internal sealed class Fields
{
    public static readonly Fields None = new();

    private readonly List<(string Name, ReadOnlyMemory<byte> Value)> _items = [];

    public static Fields FromQuery(ReadOnlySpan<char> query)
    {
        if (query.IsEmpty)
        {
            return None;
        }

        var fields = new Fields();
        foreach (var range in query.Split('&'))
        {
            var pair = query[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf('=');
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            fields.Add(Text("the name of a query parameter", name), Decode(equals < 0 ? [] : pair[(equals + 1)..]));
        }

        return fields;
    }

    /// <summary>Adds the fields of an urlencoded body, decoded where they lie: the buffer is theirs from now on.</summary>
    public static Fields FromForm(Memory<byte> body)
    {
        var fields = new Fields();
        while (!body.IsEmpty)
        {
            var ampersand = body.Span.IndexOf((byte)'&');
            var pair = ampersand < 0 ? body : body[..ampersand];
            body = ampersand < 0 ? default : body[(ampersand + 1)..];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.Span.IndexOf((byte)'=');
            var name = DecodeForm(equals < 0 ? pair : pair[..equals]);
            fields.Add(Text("the name of a form field", name.Span), DecodeForm(equals < 0 ? default : pair[(equals + 1)..]));
        }

        return fields;
    }

    public void Add(string name, ReadOnlyMemory<byte> value)
    {
        if (TryGet(name, out _))
        {
            ApiException.BadRequest($"`{name}` is given twice", "give it once");
        }

        _items.Add((name, value));
    }

    /// <summary>Both together; a name in both is a duplicate.</summary>
    public Fields With(Fields others)
    {
        var all = new Fields();
        foreach (var (name, value) in _items.Concat(others._items))
        {
            all.Add(name, value);
        }

        return all;
    }

    /// <summary>400 for the first name that the route does not know.</summary>
    public void AllowOnly(IReadOnlyList<string> known, string what)
    {
        foreach (var (name, _) in _items)
        {
            if (!known.Contains(name, StringComparer.Ordinal))
            {
                ApiException.BadRequest(
                    $"unknown {what} `{name}`",
                    known.Count == 0 ? "this route takes none" : $"known here: {string.Join(", ", known)}");
            }
        }
    }

    public bool Has(string name) => TryGet(name, out _);

    public bool TryGet(string name, out ReadOnlyMemory<byte> value)
    {
        foreach (var item in _items)
        {
            if (item.Name == name)
            {
                value = item.Value;
                return true;
            }
        }

        value = default;
        return false;
    }

    public string? Text(string name) => TryGet(name, out var value) ? Text($"`{name}`", value.Span) : null;

    /// <summary>True for `1`, `true` and the bare name; false for `0`, `false` and where it is not given.</summary>
    public bool Flag(string name) => TryFlag(name) ?? false;

    public bool? TryFlag(string name) => Text(name) switch
    {
        null => null,
        "" or "1" or "true" => true,
        "0" or "false" => false,
        var other => ApiException.BadRequest<bool>($"`{name}={other}` is neither 1 nor 0"),
    };

    /// <summary>A decimal number within [min, max]; null where it is not given.</summary>
    public long? Number(string name, long min, long max) => Text(name) is { } text ? Number(name, text, min, max) : null;

    public static long Number(string name, string text, long min, long max)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number < min
            || number > max)
        {
            ApiException.BadRequest($"`{name}={text}` is no whole number from {min} to {max}");
        }

        return number;
    }

    /// <summary>`30s`, `500ms`, `2m`, `1h`, or a bare number of seconds; above 0, at most <paramref name="max"/>.</summary>
    public TimeSpan? Duration(string name, TimeSpan max)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var digits = text.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;
        TimeSpan? unit = text[digits..] switch
        {
            "ms" => TimeSpan.FromMilliseconds(1),
            "s" or "" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            _ => null,
        };
        var isNumber = int.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var count);
        var duration = unit * (isNumber ? count : 0) ?? TimeSpan.Zero;
        if (duration <= TimeSpan.Zero || duration > max)
        {
            ApiException.BadRequest($"`{name}={text}` is no time above 0 and up to {max}", "write it as 30s, 500ms or 2m");
        }

        return duration;
    }

    /// <summary>Bytes given as base64url, with or without padding; null where it is not given.</summary>
    public byte[]? Base64Url(string name)
    {
        if (!TryGet(name, out var value))
        {
            return null;
        }

        try
        {
            return System.Buffers.Text.Base64Url.DecodeFromUtf8(value.Span);
        }
        catch (FormatException)
        {
            return ApiException.BadRequest<byte[]>($"`{name}` is not base64url", "use A-Z a-z 0-9 - _ and no spaces");
        }
    }

    private static string Text(string what, ReadOnlySpan<byte> bytes)
    {
        if (!Utf8.IsValid(bytes))
        {
            ApiException.BadRequest($"{what} is not UTF-8");
        }

        return Encoding.UTF8.GetString(bytes);
    }

    private static byte[] Decode(ReadOnlySpan<char> text) =>
        PercentEncoding.Decode(text) ?? throw MalformedEscape("the query");

    private static ReadOnlyMemory<byte> DecodeForm(Memory<byte> encoded)
    {
        var length = PercentEncoding.DecodeFormInPlace(encoded.Span);
        return length < 0 ? throw MalformedEscape("the form") : encoded[..length];
    }

    private static ApiException MalformedEscape(string where) =>
        new(ApiError.BadRequest($"malformed percent-encoding in {where}", PercentEncoding.Hint));
}
