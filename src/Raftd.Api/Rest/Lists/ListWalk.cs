using Raftd.Contract;

namespace Raftd.Api.Rest.Lists;

/// <summary>The items of a list, one after the other, all at one revision. Of its keys it has one step in memory.</summary>
internal sealed class ListWalk
{
    private readonly RestCall _call;
    private readonly ListQuery _query;
    private KeyPageRequest _request;
    private int _at;

    private ListWalk(RestCall call, ListQuery query, KeyPageRequest request, KeyPage page)
    {
        _call = call;
        _query = query;
        _request = request;
        Page = page;
        Count = query.Cursor?.Count ?? page.Count;
    }

    /// <summary>The step that it is in.</summary>
    public KeyPage Page { get; private set; }

    public long Revision => Page.ReadRevision;

    /// <summary>Keys of the whole list, whatever the limit.</summary>
    public long Count { get; }

    public static async ValueTask<ListWalk> BeginAsync(RestCall call, ListQuery query)
    {
        var request = query.FirstPage();
        var page = await call.Keyspace.Lists.KeysAsync(call.Caller, request, CancellationToken.None);
        return new ListWalk(call, query, request, page);
    }

    /// <returns>Null at the end.</returns>
    public async ValueTask<ListItem?> NextAsync()
    {
        if (await NextKeyAsync() is not { } key)
        {
            return null;
        }

        var folder = _query.FolderOf(key.Key);
        return folder.IsEmpty ? new ListItem(key.Key, key) : await FoldAsync(folder, key);
    }

    /// <summary>The first key behind the items so far; null where there is none.</summary>
    public async ValueTask<KeyValue?> PeekAsync()
    {
        var next = await NextKeyAsync();
        _at -= next is null ? 0 : 1;
        return next;
    }

    private async ValueTask<ListItem> FoldAsync(ReadOnlyMemory<byte> folder, KeyValue first)
    {
        var count = 0L;
        var bytes = 0L;
        for (var key = first; key is not null && key.Key.Span.StartsWith(folder.Span); key = await PeekAsync())
        {
            _at += count == 0 ? 0 : 1;
            count++;
            bytes += key.Key.Length + key.ValueBytes;
        }

        return new ListItem(folder, Key: null, count, bytes);
    }

    private async ValueTask<KeyValue?> NextKeyAsync()
    {
        while (_at == Page.Items.Count)
        {
            if (Page.Next is null)
            {
                return null;
            }

            // A folder may have any number of keys, none of which is written.
            _call.ClientGone.ThrowIfCancellationRequested();
            _request = _request.Behind(Page);
            Page = await _call.Keyspace.Lists.KeysAsync(_call.Caller, _request, CancellationToken.None);
            _at = 0;
        }

        return Page.Items[_at++];
    }
}
