namespace Raftd.Contract;

/// <summary>One step through the keys of [Key, RangeEnd), which are as in a RangeRequest.</summary>
public sealed record KeyPageRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public required ReadOnlyMemory<byte> RangeEnd { get; init; }

    /// <summary>The revision to read at; 0 for the newest.</summary>
    public long Revision { get; init; }

    public ReadLevel Level { get; init; }

    /// <summary>The highest key first.</summary>
    public bool IsDescending { get; init; }

    /// <summary>Larger values are left out; they say their length all the same.</summary>
    public required int MaxValueBytes { get; init; }

    /// <summary>At most this many items.</summary>
    public required int MaxItems { get; init; }

    /// <summary>The items end before their keys and values together have more bytes than this, but there is one.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>Answer how many keys the whole range has. Free at the newest revision; at an earlier one it costs a look at each
    /// key.</summary>
    public bool Counts { get; init; }

    /// <summary>The request for what a page has left, at that page's revision.</summary>
    public KeyPageRequest Behind(KeyPage page) => this with
    {
        Key = IsDescending ? Key : page.Next,
        RangeEnd = IsDescending ? page.Next : RangeEnd,
        Revision = page.ReadRevision,
        Level = ReadLevel.Stale,
        Counts = false,
    };
}

public sealed record KeyPage
{
    /// <summary>The store's revision when the read was answered.</summary>
    public required long Revision { get; init; }

    /// <summary>The revision that the items are of.</summary>
    public required long ReadRevision { get; init; }

    /// <summary>In the order asked for; there may be none although more follow.</summary>
    public required IReadOnlyList<KeyValue> Items { get; init; }

    /// <summary>Of the whole range, where that was asked for; else 0.</summary>
    public required long Count { get; init; }

    /// <summary>Where the next page begins: with this key, or, in descending order, with the next one below it. Null at the
    /// end.</summary>
    /// <remarks>An array, because null becomes an empty memory without a word.</remarks>
    public byte[]? Next { get; init; }
}

/// <summary>One step back through the versions of a key.</summary>
public sealed record VersionPageRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Versions up to this one; null for the newest.</summary>
    public VersionId? From { get; init; }

    public ReadLevel Level { get; init; }

    /// <summary>Larger values are left out; they say their length all the same.</summary>
    public required int MaxValueBytes { get; init; }

    public required int MaxItems { get; init; }

    /// <summary>As of keys.</summary>
    public required long MaxBytes { get; init; }
}

/// <summary>A change of a key: the revision, and its place among the changes of that revision, since a transaction may change
/// a key twice.</summary>
public readonly record struct VersionId(long Revision, long Place)
{
    /// <summary>The last change of a revision.</summary>
    public static VersionId LastOf(long revision) => new(revision, long.MaxValue);
}

public sealed record VersionPage
{
    /// <summary>The store's revision when the read was answered.</summary>
    public required long Revision { get; init; }

    /// <summary>The newest first. Empty where the key has no version that is kept.</summary>
    public required IReadOnlyList<HistoryItem> Items { get; init; }

    /// <summary>The first version that is not among the items; null at the end.</summary>
    public VersionId? Next { get; init; }
}

/// <summary>A version of a key, or its deletion.</summary>
/// <param name="Version">Of a deletion the key and the mod revision alone.</param>
/// <param name="IsDeletion">The key was deleted at that revision.</param>
public sealed record HistoryItem(KeyValue Version, bool IsDeletion);
