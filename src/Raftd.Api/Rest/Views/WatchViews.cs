namespace Raftd.Api.Rest.Views;

/// <summary>An answer of GET /watch with `once=1`. The handler writes it as it reads; this type describes it.</summary>
/// <param name="Events">Nothing where nothing has changed in time.</param>
/// <param name="Id">The Last-Event-ID of the next request: nothing is lost between the two.</param>
internal sealed record WatchBatchView(IReadOnlyList<WatchEventView> Events, string Id);

/// <summary>One event, in the same parts as in a stream.</summary>
/// <param name="Event">`put`, `delete`, `snapshot-end`, `compacted` or `reset`.</param>
/// <param name="Id">Absent where a client that comes back begins earlier.</param>
/// <param name="Data">The item.</param>
internal sealed record WatchEventView(string Event, string? Id, WatchItemView Data);

/// <summary>Of `put` what GET /keys says of a key; of `delete` the key and ModRevision; of the others Revision alone.</summary>
internal sealed record WatchItemView
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

    /// <summary>The version before, with `prev=1`.</summary>
    public WatchVersionView? Prev { get; init; }

    public string? Revision { get; init; }
}

/// <summary>The version of a key that a change has replaced.</summary>
internal sealed record WatchVersionView(
    string Value, string? Encoding, string CreateRevision, string ModRevision, string Version, string Lease);
