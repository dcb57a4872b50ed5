namespace Raftd.Api.Rest;

/// <summary>Requests that read a key and then write it, one after the other for each key: so those of one member never overtake
/// each other, and only what other members do meanwhile makes one of them read again.</summary>
internal sealed class KeyTurns
{
    /// <summary>Requests that wait, of all keys.</summary>
    private const int MaxWaiting = 4096;

    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    /// <summary>Guards the table. No turn is waited for under it.</summary>
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue> _queues = new(StringComparer.Ordinal);
    private int _waiting;

    /// <summary>Waits, in the order of arrival, until no other request has the key's turn. Dispose of it to end it.</summary>
    /// <exception cref="ApiException">429: too many wait, or the turn does not come.</exception>
    public async ValueTask<Turn> TakeAsync(byte[] key, CancellationToken cancellationToken)
    {
        var turn = Enter(Convert.ToHexString(key));
        try
        {
            return await turn.Queue.Gate.WaitAsync(MaxWait, cancellationToken)
                ? turn
                : throw new ApiException(ApiError.TooManyRequests(
                    $"other requests have had the key's turn for {MaxWait.TotalSeconds:0} s; nothing was written"));
        }
        catch
        {
            Leave(turn);
            throw;
        }
    }

    private Turn Enter(string name)
    {
        lock (_lock)
        {
            if (_waiting == MaxWaiting)
            {
                throw new ApiException(ApiError.TooManyRequests($"{MaxWaiting} requests wait for the turn of their key"));
            }

            if (!_queues.TryGetValue(name, out var queue))
            {
                _queues.Add(name, queue = new Queue());
            }

            _waiting++;
            queue.Users++;
            return new Turn(this, name, queue);
        }
    }

    private void Leave(Turn turn)
    {
        lock (_lock)
        {
            _waiting--;
            if (--turn.Queue.Users == 0)
            {
                _queues.Remove(turn.Name);
                turn.Queue.Gate.Dispose();
            }
        }
    }

    internal sealed class Queue
    {
        public SemaphoreSlim Gate { get; } = new(1, 1);

        /// <summary>Under the table's lock.</summary>
        public int Users { get; set; }
    }

    internal sealed class Turn(KeyTurns table, string name, Queue queue) : IDisposable
    {
        public string Name => name;

        public Queue Queue => queue;

        public void Dispose()
        {
            queue.Gate.Release();
            table.Leave(this);
        }
    }
}
