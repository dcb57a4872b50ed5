using Raftd.Contract;

namespace Raftd.State.Leading;

/// <summary>Lets in so many at once of what works through the whole state; some more wait, the rest are refused.</summary>
internal sealed class WorkQueue(string what, int atOnce, int maxWaiting) : IDisposable
{
    private readonly SemaphoreSlim _places = new(atOnce);
    private int _inside;

    /// <returns>The place; disposed when the work has ended.</returns>
    /// <exception cref="StoreException">TooManyRequests.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _inside) > atOnce + maxWaiting)
        {
            Interlocked.Decrement(ref _inside);
            throw new StoreException(
                ErrorCode.TooManyRequests,
                $"{atOnce} {what} run on this member and {maxWaiting} wait",
                "ask again when one of them has ended, or ask another member");
        }

        try
        {
            await _places.WaitAsync(cancellationToken);
            return new Place(this);
        }
        catch
        {
            Interlocked.Decrement(ref _inside);
            throw;
        }
    }

    public void Dispose() => _places.Dispose();

    private void Leave()
    {
        _places.Release();
        Interlocked.Decrement(ref _inside);
    }

    private sealed class Place(WorkQueue queue) : IDisposable
    {
        private WorkQueue? _queue = queue;

        public void Dispose() => Interlocked.Exchange(ref _queue, null)?.Leave();
    }
}
