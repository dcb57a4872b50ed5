using System.Runtime.InteropServices;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.State.Watch;

/// <summary>Requests that wait for one key to change: `GET ?wait=`.</summary>
/// <remarks>
/// <para>
/// The race is between "is there a newer revision already?" and "tell me of the next one". A waiter first enters the
/// table and then looks at the view; Publish first shows the view and then goes through the table. So a change is either
/// in the view that the waiter looks at, or its Publish finds the waiter.
/// </para>
/// <para>Costs nothing but a look at a counter while there are no waiters.</para>
/// </remarks>
public sealed class KeyWaiters : IStateObserver, IDisposable
{
    /// <summary>Guards the table. Tasks are completed outside it, and their continuations run elsewhere.</summary>
    private readonly Lock _lock = new();

    /// <summary>Changes looked up under one hold of the lock: the deletion of a million keys must not keep new waiters out.
    /// </summary>
    private const int ChangesPerLock = 1024;

    private readonly Func<IStateView> _view;
    private readonly Dictionary<byte[], List<Waiter>> _waiters;
    private readonly Dictionary<byte[], List<Waiter>>.AlternateLookup<ReadOnlySpan<byte>> _bySpan;

    private int _count;
    private bool _disposed;

    public KeyWaiters(Func<IStateView> view)
    {
        _view = view;
        _waiters = new Dictionary<byte[], List<Waiter>>(BytesComparer.Instance);
        _bySpan = _waiters.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    /// <summary>How many wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Ends when a view shows a revision of the key above <paramref name="afterRevision"/>, its deletion
    /// included; at once if there is one, or if the index does not know any more whether there was.</summary>
    /// <exception cref="OperationCanceledException">Cancelled: by the token, or because the state is being closed.</exception>
    public Task WaitAsync(ReadOnlyMemory<byte> key, long afterRevision, CancellationToken cancellationToken) => WaitAsync(
        key, afterRevision, () => ValueTask.FromResult(_view().HasChangedSince(key.Span, afterRevision)), cancellationToken);

    /// <summary>As the other, where the look at the key takes time of its own.</summary>
    /// <param name="key">To wait for.</param>
    /// <param name="afterRevision">As said.</param>
    /// <param name="hasChanged">Begun once the waiter is in the table: whether there is a newer revision already.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(
        ReadOnlyMemory<byte> key, long afterRevision, Func<ValueTask<bool>> hasChanged, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var waiter = Enter(key.Span, afterRevision);
        try
        {
            if (await hasChanged())
            {
                return;
            }

            await waiter.Completion.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            Leave(waiter);
        }
    }

    /// <summary>Ends the waits that these changes answer. On the apply thread, after the view shows them.</summary>
    public void OnPublished(PublishedChanges changes)
    {
        var published = changes.Keys;
        // A waiter that enters after this look sees the view that is already out.
        Interlocked.MemoryBarrier();
        if (Count == 0)
        {
            return;
        }

        var ready = new List<Waiter>();
        for (var from = 0; from < published.Count; from += ChangesPerLock)
        {
            AddAnswered(CollectionsMarshal.AsSpan(published)[from..Math.Min(published.Count, from + ChangesPerLock)], ready);
        }

        foreach (var waiter in ready)
        {
            waiter.Completion.TrySetResult();
        }
    }

    /// <summary>Looks at every waiter again: a snapshot has brought a state whose changes were not seen one by one.</summary>
    public void OnReplaced()
    {
        var view = _view();
        List<Waiter> ready;
        lock (_lock)
        {
            ready = _waiters.Values
                .SelectMany(waiters => waiters)
                .Where(waiter => view.HasChangedSince(waiter.Key, waiter.AfterRevision))
                .ToList();
        }

        foreach (var waiter in ready)
        {
            waiter.Completion.TrySetResult();
        }
    }

    public void Dispose()
    {
        List<Waiter> all;
        lock (_lock)
        {
            _disposed = true;
            all = _waiters.Values.SelectMany(waiters => waiters).ToList();
        }

        foreach (var waiter in all)
        {
            waiter.Completion.TrySetCanceled();
        }
    }

    private void AddAnswered(ReadOnlySpan<RevisionRecord> changes, List<Waiter> ready)
    {
        lock (_lock)
        {
            foreach (var change in changes)
            {
                if (_waiters.TryGetValue(change.Key, out var waiters))
                {
                    ready.AddRange(waiters.FindAll(waiter => change.Revision.Main > waiter.AfterRevision));
                }
            }
        }
    }

    private Waiter Enter(ReadOnlySpan<byte> key, long afterRevision)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                throw new OperationCanceledException("the state is being closed");
            }

            if (!_bySpan.TryGetValue(key, out var storedKey, out var waiters))
            {
                storedKey = key.ToArray();
                waiters = [];
                _waiters.Add(storedKey, waiters);
            }

            var waiter = new Waiter(storedKey, afterRevision);
            waiters.Add(waiter);
            Interlocked.Increment(ref _count);
            return waiter;
        }
    }

    private void Leave(Waiter waiter)
    {
        lock (_lock)
        {
            var waiters = _waiters[waiter.Key];
            waiters.Remove(waiter);
            if (waiters.Count == 0)
            {
                _waiters.Remove(waiter.Key);
            }

            Interlocked.Decrement(ref _count);
        }
    }

    private sealed class Waiter(byte[] key, long afterRevision)
    {
        public byte[] Key => key;

        public long AfterRevision => afterRevision;

        public TaskCompletionSource Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
