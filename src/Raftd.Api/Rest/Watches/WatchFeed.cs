// What one client of GET /watch is told, in order, each thing once:
//
//   initial state   the keys of one pinned revision R, page by page; only where it was asked for      s<R>:<key> …
//   snapshot-end                                                                                     <R>.<all>
//   changes         a watch of the contract, from R + 1 on                                            <revision>.<n> …
//
// Each page and each change has its place, and a feed that begins at a place goes on behind it: that is all that is needed to
// resume, at any member. A change is looked for from its revision on, and what has come of that revision is left out.
//
// Where it has to go on from something that is compacted, a feed with an initial state begins a new one, and says so first
// (reset); another one ends. Memory: one page, or one message of the watch.

using Raftd.Contract;

namespace Raftd.Api.Rest.Watches;

internal sealed class WatchFeed : IDisposable
{
    private readonly RestCall _call;
    private readonly WatchQuery _query;

    /// <summary>What is left of the initial state; null behind it.</summary>
    private KeyPageRequest? _keys;

    /// <summary>The answer to it, where that is there already.</summary>
    private KeyPage? _page;
    private bool _saysReset;
    private IWatchSession? _session;

    /// <summary>What is left of a revision that no message holds.</summary>
    private IEnumerator<IReadOnlyList<WatchEvent>>? _pieces;

    /// <summary>The last change that this session has brought.</summary>
    private VersionId _brought;

    /// <summary>Nothing more comes.</summary>
    private bool _isOver;

    private WatchFeed(RestCall call, WatchQuery query)
    {
        _call = call;
        _query = query;
        Place = query.Place;
    }

    /// <summary>How far it has come, as a client resumes from it; null where it would begin anew.</summary>
    public WatchPlace? Place { get; private set; }

    /// <summary>Begins, and fails while that can be told to the client.</summary>
    /// <returns>Null where it would resume from what is compacted.</returns>
    /// <exception cref="StoreException">Compacted, FutureRevision, NoLeader, NotReady.</exception>
    public static async ValueTask<WatchFeed?> OpenAsync(RestCall call, WatchQuery query, CancellationToken ended)
    {
        var feed = new WatchFeed(call, query);
        try
        {
            return query.Place is null ? await feed.BeginAsync(ended)
                : await feed.TryResumeAsync(query.Place, ended) || await feed.TryBeginAnewAsync() ? feed
                : null;
        }
        catch
        {
            feed.Dispose();
            throw;
        }
    }

    /// <summary>What there is to say next; nothing when it is over.</summary>
    /// <exception cref="StoreException">NotReady: this member stops, or replaces its state.</exception>
    /// <exception cref="ApiException">429: too many watches.</exception>
    public async ValueTask<IReadOnlyList<WatchNews>> NextAsync(CancellationToken ended)
    {
        while (!_isOver)
        {
            var news = _keys is not null ? await NextKeysAsync()
                : _pieces is not null ? await NextPieceAsync()
                : await NextMessageAsync(ended);
            if (news.Count > 0)
            {
                Place = news.LastOrDefault(static one => one.Place is not null)?.Place ?? Place;
                return news;
            }
        }

        return [];
    }

    /// <summary>Asks to be told how far the watch has come, which is said once it has brought everything. Any thread.</summary>
    public void AskForPlace() => _session?.RequestProgress();

    public void Dispose()
    {
        _pieces?.Dispose();
        _session?.Dispose();
    }

    private async ValueTask<WatchFeed> BeginAsync(CancellationToken ended)
    {
        if (_query.HasInitialState)
        {
            _keys = _query.Keys(_query.Revision ?? 0, ReadLevel.Linearizable);
            _page = await ReadKeysAsync(_keys);
            return this;
        }

        if (_query.Revision is { } first)
        {
            await RequireKeptAsync(first);
            Place = WatchPlace.Behind(first - 1);
        }

        await OpenSessionAsync(_query.Revision ?? 0, ended);
        return this;
    }

    private async ValueTask<bool> TryResumeAsync(WatchPlace place, CancellationToken ended)
    {
        try
        {
            if (place.Key is null)
            {
                await RequireKeptAsync(place.NextRevision);
                await OpenSessionAsync(place.NextRevision, ended);
            }
            else
            {
                _keys = _query.KeysBehind(place);
                _page = await ReadKeysWhenTheyAreHereAsync(_keys);
            }

            return true;
        }
        catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
        {
            return false;
        }
    }

    /// <summary>A new initial state in the place of what is compacted. From this member, which has shown that it is further than that:
    /// no leader is needed, and an EventSource that got an error would not come back.</summary>
    private async ValueTask<bool> TryBeginAnewAsync()
    {
        if (!_query.HasInitialState)
        {
            return false;
        }

        _saysReset = true;
        _keys = _query.Keys(revision: 0, ReadLevel.Stale);
        _page = await ReadKeysAsync(_keys);
        return true;
    }

    private async ValueTask RequireKeptAsync(long revision)
    {
        try
        {
            await _call.Keyspace.Keys.RangeAsync(_call.Caller, _query.Probe(revision), CancellationToken.None);
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.FutureRevision)
        {
            // The client has been at a member that is ahead of this one, or waits for what is to come.
        }
    }

    private ValueTask<KeyPage> ReadKeysAsync(KeyPageRequest request) =>
        _call.Keyspace.Lists.KeysAsync(_call.Caller, request, CancellationToken.None);

    /// <summary>The client may have begun at a member that is ahead of this one.</summary>
    private async ValueTask<KeyPage> ReadKeysWhenTheyAreHereAsync(KeyPageRequest request)
    {
        try
        {
            return await ReadKeysAsync(request);
        }
        catch (StoreException failure) when (failure.Code == ErrorCode.FutureRevision)
        {
            return await ReadKeysAsync(request with { Level = ReadLevel.Linearizable });
        }
    }

    private async ValueTask<IReadOnlyList<WatchNews>> NextKeysAsync()
    {
        KeyPage page;
        try
        {
            page = _page ?? await ReadKeysAsync(_keys!);
        }
        catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
        {
            return await GoneAsync();
        }

        var revision = page.ReadRevision;
        List<WatchNews> news = _saysReset ? [new(WatchNews.Reset, Place: null, revision)] : [];
        _saysReset = false;
        news.AddRange(page.Items.Select(item =>
            new WatchNews(WatchNews.Put, WatchPlace.InInitialState(revision, item.Key), revision, item)));
        _page = null;
        _keys = page.Next is null ? null : _keys!.Behind(page);
        if (_keys is null)
        {
            news.Add(new(WatchNews.SnapshotEnd, WatchPlace.Behind(revision), revision));
        }

        return news;
    }

    private async ValueTask<IReadOnlyList<WatchNews>> NextPieceAsync()
    {
        try
        {
            if (_pieces!.MoveNext())
            {
                return NewsOf(_pieces.Current);
            }
        }
        catch (StoreException gone) when (gone.Code == ErrorCode.Compacted)
        {
            return await GoneAsync();
        }

        _pieces.Dispose();
        _pieces = null;
        return [];
    }

    private async ValueTask<IReadOnlyList<WatchNews>> NextMessageAsync(CancellationToken ended)
    {
        if (_session is null)
        {
            // Behind the initial state, where the place is.
            await OpenSessionAsync(Place!.NextRevision, ended);
        }

        var message = await _session!.ReadAsync(ended);
        switch (message.Kind)
        {
            case WatchMessageKind.Events when message.Large is { } large:
                _pieces = large.Read().GetEnumerator();
                return [];
            case WatchMessageKind.Events:
                return NewsOf(message.Events);
            case WatchMessageKind.Progress when message.Revision >= Place!.NextRevision:
                return [new(Event: null, WatchPlace.Behind(message.Revision), message.Revision)];
            case WatchMessageKind.Canceled:
                return await GoneAsync();
            default:
                return [];
        }
    }

    private async ValueTask OpenSessionAsync(long revision, CancellationToken ended)
    {
        _brought = default;
        _session = _call.Keyspace.Watches.OpenWatches(_call.Caller);
        _session.Create(_query.ChangesFrom(revision));
        var first = await _session.ReadAsync(ended);
        if (first.Kind == WatchMessageKind.Canceled)
        {
            throw new ApiException(ApiError.TooManyRequests("this member has as many watches as it may have"));
        }

        Place ??= WatchPlace.Behind(first.Revision);
    }

    private List<WatchNews> NewsOf(IReadOnlyList<WatchEvent> events)
    {
        var news = new List<WatchNews>(events.Count);
        foreach (var change in events)
        {
            var revision = change.Key.ModRevision;
            _brought = new VersionId(revision, revision == _brought.Revision ? _brought.Place + 1 : 0);
            if (!HasCome(_brought))
            {
                var name = change.IsDelete ? WatchNews.Delete : WatchNews.Put;
                news.Add(new(name, new WatchPlace(_brought), revision, change.Key, change.Previous));
            }
        }

        return news;
    }

    /// <summary>Before the client came back.</summary>
    private bool HasCome(VersionId change) => _query.Place is { Key: null } resumed
        && change.Revision == resumed.Version.Revision
        && change.Place <= resumed.Version.Place;

    private async ValueTask<IReadOnlyList<WatchNews>> GoneAsync()
    {
        _pieces?.Dispose();
        _pieces = null;
        _session?.Dispose();
        _session = null;
        if (await TryBeginAnewAsync())
        {
            return [];
        }

        _isOver = true;
        return [new(WatchNews.Compacted, Place: null, Place!.Version.Revision)];
    }
}
