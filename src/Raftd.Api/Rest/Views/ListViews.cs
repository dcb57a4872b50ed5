namespace Raftd.Api.Rest.Views;

/// <summary>An answer of GET /keys. The handler writes it as it reads; this type describes it.</summary>
/// <param name="Revision">All items are as of this one.</param>
/// <param name="Count">Keys of the whole list, whatever the limit; folders count all of theirs.</param>
/// <param name="Items">Keys and folders, in order.</param>
/// <param name="More">The limit has left some out.</param>
/// <param name="Cursor">Goes on behind the items, at the same revision; absent at the end.</param>
internal sealed record KeyListView(string Revision, long Count, IReadOnlyList<KeyItemView> Items, bool More, string? Cursor);

/// <summary>One key, or one folder of keys: then Folder, Count and Bytes are there, and nothing else.</summary>
internal sealed record KeyItemView
{
    public string? Key { get; init; }

    /// <summary>`base64` where the key is not UTF-8, else absent.</summary>
    public string? KeyEncoding { get; init; }

    public string? Value { get; init; }

    /// <summary>`base64` where the value is not UTF-8, else absent.</summary>
    public string? Encoding { get; init; }

    public string? CreateRevision { get; init; }

    public string? ModRevision { get; init; }

    public string? Version { get; init; }

    public string? Lease { get; init; }

    public string? Folder { get; init; }

    public string? FolderEncoding { get; init; }

    public long? Count { get; init; }

    public long? Bytes { get; init; }
}

/// <summary>An answer of GET /history/{key}.</summary>
/// <param name="Revision">The newest when it began.</param>
/// <param name="Key">The key.</param>
/// <param name="KeyEncoding">`base64` where it is not UTF-8, else absent.</param>
/// <param name="Items">The newest first.</param>
/// <param name="More">The limit has left some out.</param>
internal sealed record HistoryView(string Revision, string Key, string? KeyEncoding, IReadOnlyList<HistoryItemView> Items, bool More);

/// <summary>A version; of a deletion Deleted and ModRevision alone.</summary>
internal sealed record HistoryItemView(
    bool? Deleted, string? Value, string? Encoding, string? CreateRevision, string ModRevision, string? Version, string? Lease);
