using Raftd.Api.Rest.Lists;
using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

/// <summary>What a watch is asked for.</summary>
internal sealed class WatchQuery
{
    private static readonly TimeSpan DefaultWait = TimeSpan.FromSeconds(30);

    private readonly byte[] _low;

    /// <summary>As a list has it: that of one key ends behind it.</summary>
    private readonly byte[] _end;
    private readonly bool _isPrefix;
    private readonly bool _withPrevious;
    private readonly string? _filter;

    public WatchQuery(RestCall call)
    {
        _isPrefix = call.Query.Flag("prefix");
        var key = _isPrefix ? call.KeyOrEmpty() : call.Key();
        _low = key.Length > 0 ? key : [0];
        _end = _isPrefix ? KeyRanges.EndOfPrefix(key) : [.. key, 0];
        _withPrevious = call.Query.Flag("prev");
        _filter = FilterOf(call);
        HasInitialState = call.Query.Flag("initial");
        Revision = call.Query.Number("rev", 1, long.MaxValue);
        IsOnce = call.Query.Flag("once");
        var wait = call.Query.Duration("wait", call.Services.Options.MaxWait);
        Wait = wait ?? DefaultWait;
        Place = PlaceOf(call);
        RequireNoContradiction(wait);
    }

    /// <summary>All keys come first, as they are.</summary>
    public bool HasInitialState { get; }

    /// <summary>The first revision to bring, or that of the initial state; null for the newest.</summary>
    public long? Revision { get; }

    /// <summary>Where an earlier answer has ended. Then Revision says nothing, and HasInitialState only what to do if that is
    /// compacted.</summary>
    public WatchPlace? Place { get; }

    /// <summary>One answer of JSON, as soon as there is something to say.</summary>
    public bool IsOnce { get; }

    public TimeSpan Wait { get; }

    /// <summary>An EventSource that was cut off asks so.</summary>
    public bool IsResumedStream => Place is not null && !IsOnce;

    public WatchRequest ChangesFrom(long revision) => new()
    {
        Key = _low,
        RangeEnd = _isPrefix ? _end : default,
        StartRevision = revision,
        WithPrevious = _withPrevious,
        WithoutPuts = _filter == WatchNews.Delete,
        WithoutDeletes = _filter == WatchNews.Put,
    };

    /// <summary>The initial state.</summary>
    /// <param name="revision">Its revision; 0 for the newest.</param>
    /// <param name="level">A state in the place of one that this member has shown is read from the member itself.</param>
    public KeyPageRequest Keys(long revision, ReadLevel level) => new()
    {
        Key = _low,
        RangeEnd = _end,
        Revision = revision,
        Level = level,
        MaxValueBytes = ListQuery.InlineBytes,
        MaxItems = ListQuery.PageItems,
        MaxBytes = ListQuery.PageBytes,
    };

    /// <summary>The rest of an initial state.</summary>
    public KeyPageRequest KeysBehind(WatchPlace place) =>
        Keys(place.Version.Revision, ReadLevel.Stale) with { Key = (byte[])[.. place.Key!, 0] };

    /// <summary>The revision before which nothing must be compacted, at this member, for changes from the next one on.</summary>
    public RangeRequest Probe(long revision) =>
        new() { Key = _low, Revision = revision, Level = ReadLevel.Stale, KeysOnly = true };

    private static string? FilterOf(RestCall call) => call.Query.Text("filter") switch
    {
        null => null,
        WatchNews.Put => WatchNews.Put,
        WatchNews.Delete => WatchNews.Delete,
        var other => ApiException.BadRequest<string>($"`filter={other}` is unknown", "use put or delete: the changes that are to come"),
    };

    private WatchPlace? PlaceOf(RestCall call)
    {
        var header = call.Request.Headers["Last-Event-ID"].ToString();
        if (header.Length == 0)
        {
            return null;
        }

        var place = WatchPlace.Parse(header);
        return place.Key is null || IsInRange(place.Key)
            ? place
            : ApiException.BadRequest<WatchPlace>(
                "Last-Event-ID is of another watch", "send the id with the key, prefix and filter of the request that answered it");
    }

    private bool IsInRange(ReadOnlySpan<byte> key) =>
        key.SequenceCompareTo(_low) >= 0 && (_end is [0] || key.SequenceCompareTo(_end) < 0);

    private void RequireNoContradiction(TimeSpan? wait)
    {
        if (wait is not null && !IsOnce)
        {
            ApiException.BadRequest("`wait` goes together with `once`", "as ?once=1&wait=30s; without them the answer has no end");
        }

        if (HasInitialState && _filter == WatchNews.Delete)
        {
            ApiException.BadRequest(
                "`initial` and `filter=delete` contradict each other", "the initial state has keys, and no deletions");
        }
    }
}
