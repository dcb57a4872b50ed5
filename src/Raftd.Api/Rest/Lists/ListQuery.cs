using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

/// <summary>What a list is asked for.</summary>
internal sealed class ListQuery
{
    /// <summary>Of one step. A small value costs as much as the objects around it, so items are bounded as well as bytes.</summary>
    public const int PageItems = 1000;

    public const int PageBytes = 256 * 1024;

    /// <summary>Larger values are read one by one, and counted.</summary>
    public const int InlineBytes = Bounds.MaxCachedValueBytes;

    private const int MaxDelimiterBytes = 64;

    private static readonly byte[] ZeroByte = [0];

    private readonly byte[] _prefix;
    private readonly byte[] _low;
    private readonly byte[] _end;
    private readonly byte[] _delimiter;
    private readonly bool _isDescending;

    public ListQuery(RestCall call)
    {
        _prefix = PrefixOf(call);
        _delimiter = DelimiterOf(call);
        _isDescending = IsDescendingIn(call);
        (_low, _end) = RangeOf(_prefix, Bytes(call, "start"), Bytes(call, "end"));
        KeysOnly = call.Query.Flag("keys_only");
        CountOnly = call.Query.Flag("count_only");
        Limit = call.Query.Number("limit", 1, long.MaxValue) ?? long.MaxValue;
        Level = call.Level();
        Revision = call.Query.Number("rev", 1, long.MaxValue) ?? 0;
        if (call.Query.TryGet("cursor", out var cursor))
        {
            Cursor = ListCursor.Parse(cursor.Span, Id);
        }

        RequireNoContradiction(call);
    }

    public bool KeysOnly { get; }

    public bool CountOnly { get; }

    public long Limit { get; }

    public ReadLevel Level { get; }

    public long Revision { get; }

    /// <summary>Where an earlier answer has ended; null for the beginning.</summary>
    public ListCursor? Cursor { get; }

    /// <summary>Keys whose rest behind the prefix has the delimiter are shown as folders.</summary>
    public bool Folds => _delimiter.Length > 0;

    /// <summary>Tells lists apart whose places mean different things.</summary>
    private uint Id => Crc32C.Append(
        0,
        [.. Framed(_low), .. Framed(_end), .. Framed(_prefix), .. Framed(_delimiter), _isDescending ? (byte)1 : (byte)0]);

    public RangeRequest CountRequest() =>
        new() { Key = _low, RangeEnd = _end, Revision = Revision, Level = Level, CountOnly = true };

    public KeyPageRequest FirstPage() => new()
    {
        Key = Cursor is { } up && !_isDescending ? up.Place : _low,
        RangeEnd = Cursor is { } down && _isDescending ? down.Place : _end,
        Revision = Cursor?.Revision ?? Revision,
        Level = Level,
        IsDescending = _isDescending,

        // Values are read of the keys alone that are not folded.
        MaxValueBytes = KeysOnly || Folds ? 0 : InlineBytes,
        MaxItems = (int)Math.Min(Limit, PageItems),
        MaxBytes = PageBytes,
        Counts = Cursor is null,
    };

    /// <summary>The folder that the key is shown in, its delimiter included; empty where it is shown itself.</summary>
    public ReadOnlyMemory<byte> FolderOf(ReadOnlyMemory<byte> key)
    {
        if (!Folds)
        {
            return default;
        }

        var at = key.Span[_prefix.Length..].IndexOf(_delimiter);
        return at < 0 ? default : key[..(_prefix.Length + at + _delimiter.Length)];
    }

    /// <param name="last">The last item that was answered.</param>
    /// <param name="next">The first key that was not.</param>
    /// <param name="revision">Of the list.</param>
    /// <param name="count">Of the whole range.</param>
    public string CursorBehind(ListItem last, KeyValue next, long revision, long count) =>
        new ListCursor(revision, count, (_isDescending ? last.Name : next.Key).ToArray()).Format(Id);

    private static byte[] PrefixOf(RestCall call)
    {
        var named = Bytes(call, "prefix");
        if (call.Parameter.Length > 0 && named.Length > 0)
        {
            ApiException.BadRequest("the prefix is given twice, in the path and in the query", "give it once");
        }

        return named.Length > 0 ? named : call.Parameter;
    }

    private static byte[] Bytes(RestCall call, string name)
    {
        var encoded = call.Query.Base64Url(name + "64");
        if (!call.Query.TryGet(name, out var plain))
        {
            return encoded ?? [];
        }

        return encoded is null
            ? plain.ToArray()
            : ApiException.BadRequest<byte[]>($"`{name}` and `{name}64` are the same", "give one of them");
    }

    private static byte[] DelimiterOf(RestCall call)
    {
        var isGiven = call.Query.TryGet("delimiter", out var delimiter);
        return !isGiven || delimiter.Length is > 0 and <= MaxDelimiterBytes
            ? delimiter.ToArray()
            : ApiException.BadRequest<byte[]>(
                $"`delimiter` has {delimiter.Length} bytes", $"it has 1 to {MaxDelimiterBytes}, as delimiter=/");
    }

    private static bool IsDescendingIn(RestCall call) => call.Query.Text("sort") switch
    {
        null or "key" => false,
        "-key" => true,
        var other => ApiException.BadRequest<bool>(
            $"`sort={other}` is not offered",
            "use key, or -key for the highest key first: in any other order the whole list would have to fit into memory"),
    };

    private static (byte[] Low, byte[] End) RangeOf(byte[] prefix, byte[] start, byte[] end)
    {
        var low = prefix.AsSpan().SequenceCompareTo(start) >= 0 ? prefix : start;
        var prefixEnd = KeyRanges.EndOfPrefix(prefix);
        var isPrefixEndLower = end.Length == 0
            || (!prefixEnd.AsSpan().SequenceEqual(ZeroByte) && prefixEnd.AsSpan().SequenceCompareTo(end) <= 0);

        // A zero byte is the lowest key, and as an end it would say that there is none.
        return !isPrefixEndLower && end.AsSpan().SequenceEqual(ZeroByte) ? ([1], [1])
            : (low.Length > 0 ? low : ZeroByte, isPrefixEndLower ? prefixEnd : end);
    }

    private static byte[] Framed(byte[] part) => [.. BitConverter.GetBytes(part.Length), .. part];

    private void RequireNoContradiction(RestCall call)
    {
        if (Cursor is not null && Revision != 0)
        {
            ApiException.BadRequest("`cursor` and `rev` contradict each other", "a cursor stays at its revision");
        }

        if (CountOnly && (Folds || Cursor is not null || KeysOnly || call.Query.Has("limit") || call.Query.Has("sort")))
        {
            ApiException.BadRequest(
                "`count_only` answers no items, so `limit`, `cursor`, `keys_only`, `delimiter` and `sort` say nothing beside it",
                "leave them out");
        }
    }
}
