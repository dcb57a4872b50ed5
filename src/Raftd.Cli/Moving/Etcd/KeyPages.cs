using Raftd.Api.Wire;

namespace Raftd.Cli.Moving.Etcd;

/// <summary>The keys of a range in their order, read in pages of about a megabyte; the next page is on its way while one is used.</summary>
/// <param name="revision">0 reads each page as it is then.</param>
internal sealed class KeyPages(Remote from, KeyRange range, long revision, bool keysOnly, CancellationToken stop)
{
    private const int PageBytes = 1 << 20;
    private const long FirstLimit = 100;
    private const long MaxLimit = 1000;

    private readonly Queue<KeyValue> _page = new();
    private Task<RangeResponse>? _next;
    private KeyRange _rest = range;
    private long _limit = FirstLimit;
    private bool _isAtEnd;

    /// <summary>The next key, which stays; null behind the last one.</summary>
    public async ValueTask<KeyValue?> PeekAsync()
    {
        while (_page.Count == 0 && !_isAtEnd)
        {
            Take(await (_next ?? FetchAsync()));
        }

        return _page.TryPeek(out var item) ? item : null;
    }

    public void Pass() => _page.Dequeue();

    private void Take(RangeResponse answer)
    {
        foreach (var item in answer.Kvs)
        {
            _page.Enqueue(item);
        }

        _isAtEnd = !answer.More;
        if (answer.More)
        {
            _rest = _rest.Behind(answer.Kvs[^1].Key);
            Adapt(answer.CalculateSize());
            _next = FetchAsync();
        }
    }

    private async Task<RangeResponse> FetchAsync()
    {
        while (true)
        {
            var request = _rest.Request(revision, _limit, keysOnly);
            try
            {
                return await from.CallAsync(EtcdMethods.Range, request, RangeResponse.Parser, stop);
            }
            catch (GrpcFailure failure) when (failure.IsTooLarge && _limit > 1)
            {
                _limit /= 2;
            }
        }
    }

    private void Adapt(long bytes) => _limit = Math.Clamp(_limit * PageBytes / Math.Max(bytes, 1), 1, Math.Min(_limit * 2, MaxLimit));
}
