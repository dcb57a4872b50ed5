// The replicated state: the one owner of keyspace, leases, alarms and the applied configuration.
//
// Three threads meet here and none waits for another:
//
//   1. The apply thread calls Apply* for each committed entry in log order, then Publish for what it has applied, then
//      answers. Apply is a pure function of (entry, state). Entries change the working state, which no reader sees. An
//      entry that deletes many keys is applied in slices (CommandExecutor.Slices.cs).
//   2. Readers, on any thread, take View(): everything up to the last Publish, by one volatile read.
//   3. The flusher gets a FrozenState from the apply thread (TryFreeze, at an entry boundary) and writes it with
//      Flush: one transaction that takes the store from one applied index to another. Only after its commit the frozen
//      half is dropped. A crash before it loses nothing: the log covers what is not flushed.
//
// Why results are answered after Publish and not after Apply: a client that has an answer in hand must find its effect in
// every later read on this member.
//
// Invariants:
//   I1. FlushedIndex <= View().Applied.Index at rest, and both <= Applied.Index.
//   I2. A record that a published index names is in the active half, in the frozen half or in the store, unless a
//       compaction at or below CompactFloor has killed it.
//   I3. The store at rest is the state after exactly meta's applied index.
//   I4. Two members with the same Applied.Index and no fault have the same Applied.Hash.

using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Views;
using Raftd.State.Watch;
using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>The replicated state of one member.</summary>
public sealed partial class StateMachine : IReplicatedState, IKeyLookup, IDisposable
{
    /// <summary>Keys cleaned out of the index behind a compaction, with each entry and with each freeze: under 1 ms and
    /// about 10 ms of the apply thread (measured: 8 µs for each key of half a million).</summary>
    private const int CleanedKeysPerEntry = 64;

    private const int CleanedKeysPerFreeze = 1024;

    private readonly IStateDirectory _directory;
    private readonly StoreOptions _options;
    private readonly HashRing _hashes = new();
    private readonly List<IStateObserver> _observers = [];

    private StateCopy _state;
    private StateView _view;
    private volatile bool _isDamaged;

    private StateMachine(IStateDirectory directory, StoreOptions options, StateCopy state)
    {
        _directory = directory;
        _options = options;
        _state = state;
        _view = state.Freeze();
        Waiters = new KeyWaiters(View);
        Observe(Waiters);
        AdoptFlushed(state);
    }

    /// <summary>The last entry applied, published or not. Apply thread only; others read View().Applied.</summary>
    public AppliedState Applied => _state.Applied;

    /// <summary>The newest feature level that this member knows.</summary>
    public int KnownLevel => _options.KnownLevel;

    /// <summary>Waits for keys to change.</summary>
    public KeyWaiters Waiters { get; }

    /// <summary>Called when a read finds damage: the member must stop. Any thread; set before the first read.</summary>
    public Action<BucketStoreException> Damaged { get; set; } = static _ => { };

    /// <summary>Opens the state in a directory and rebuilds what is kept in memory.</summary>
    /// <remarks>The directory stays the caller's to dispose, after this object.</remarks>
    /// <exception cref="BucketStoreException">What is stored is not what was written, or cannot be read.</exception>
    public static StateMachine Open(IStateDirectory directory, StoreOptions options) =>
        new(directory, options, StateLoader.Load(directory.Current, options));

    /// <summary>Everything published so far.</summary>
    public StateView View() => Volatile.Read(ref _view);

    IStateView IReplicatedState.View() => View();

    /// <summary>Adds an observer of each publish, after the existing ones. Before the first entry.</summary>
    public void Observe(IStateObserver observer) => _observers.Add(observer);

    /// <summary>Compares index, overlay and store, record by record. Any thread; long: for tests and the simulator.</summary>
    /// <returns>The first difference, or null.</returns>
    public string? Audit() => StateAudit.Run(View());

    /// <summary>As StateView.Range on a new view; a read of the newest revision that a compaction or a snapshot overtook
    /// is repeated on the view that came of it.</summary>
    /// <exception cref="StoreException">As StateView.Range; NotReady while a snapshot is being switched in.</exception>
    public RangeResponse Range(RangeRequest request)
    {
        while (true)
        {
            var view = View();
            try
            {
                return view.Range(request);
            }
            catch (StoreException e) when (IsOvertaken(view, e, request.Revision))
            {
                // Read again.
            }
        }
    }

    public ValueTask<KeyItem?> FindAsync(ReadOnlyMemory<byte> key) =>
        ValueTask.FromResult<KeyItem?>(TryGet(key.Span, out var item) ? item : null);

    public ValueTask<IReadOnlyList<KeyItem?>> FindAllAsync(IReadOnlyList<ReadOnlyMemory<byte>> keys) =>
        ValueTask.FromResult<IReadOnlyList<KeyItem?>>([.. keys.Select(key => TryGet(key.Span, out var item) ? item : (KeyItem?)null)]);

    /// <summary>As StateView.TryGet on a new view, repeated likewise.</summary>
    /// <exception cref="StoreException">NotReady while a snapshot is being switched in.</exception>
    public bool TryGet(ReadOnlySpan<byte> key, out KeyItem item)
    {
        while (true)
        {
            var view = View();
            try
            {
                return view.TryGet(key, out item);
            }
            catch (StoreException e) when (IsOvertaken(view, e, atRevision: 0))
            {
                // Read again.
            }
        }
    }

    /// <summary>Reads of the newest revision, several as of one moment, repeated likewise.</summary>
    /// <param name="read">What is read; of nothing but that view.</param>
    /// <param name="atRevision">Where it reads, if that is not the newest: a compaction ends it then.</param>
    /// <exception cref="StoreException">NotReady while a snapshot is being switched in; what the read throws.</exception>
    public T Read<T>(Func<StateView, T> read, long atRevision = 0)
    {
        while (true)
        {
            var view = View();
            try
            {
                return read(view);
            }
            catch (StoreException e) when (IsOvertaken(view, e, atRevision))
            {
                // Read again.
            }
        }
    }

    /// <summary>The hash chain after an entry; false if it is not among the last 4 096. Any thread.</summary>
    public bool TryGetHash(ulong index, out ulong hash) => _hashes.TryGet(index, out hash);

    /// <summary>Bytes of the store on disk, and how many of them are in use. Any thread.</summary>
    /// <returns>Zeros at the moment when a snapshot takes the store's place.</returns>
    public (long Bytes, long InUse) StoredSize()
    {
        var epoch = View().Epoch;
        try
        {
            return (epoch.Store.SizeBytes, epoch.Store.UsedBytes);
        }
        catch (Exception e) when (e is BucketStoreException or ObjectDisposedException && epoch.Replaced)
        {
            return default;
        }
    }

    /// <summary>Makes all that is applied visible to readers at once, and tells the observers what it was.</summary>
    public void Publish()
    {
        var state = _state;
        Invariant.Check(!state.Executor.IsInsideEntry, $"published in the middle of entry {state.Executor.UnfinishedEntry}");
        state.Keyspace.Evict();
        Volatile.Write(ref _view, state.Freeze());
        state.Keyspace.SettleCache();

        var leaseChanges = state.Working.LeaseChanges;
        if (state.Keyspace.Changes.Count > 0 || leaseChanges.Count > 0)
        {
            var changes = new PublishedChanges(state.Keyspace.TakeChanges(), leaseChanges);
            foreach (var observer in _observers)
            {
                observer.OnPublished(changes);
            }

            leaseChanges.Clear();
        }
    }

    /// <summary>Ends all waits. The directory is the caller's.</summary>
    public void Dispose() => Waiters.Dispose();

    /// <summary>Whether a newer view is out on which the same read may succeed. Freezing comes after publishing, so only readers
    /// of a view from before a compaction can miss what it takes from the store.</summary>
    private bool IsOvertaken(StateView view, StoreException failure, long atRevision)
    {
        var wasOvertaken = failure.Code == ErrorCode.NotReady || (failure.Code == ErrorCode.Compacted && atRevision == 0);
        return wasOvertaken && !_isDamaged && !ReferenceEquals(view, View());
    }

    private void NoteDamage(BucketStoreException damage)
    {
        _isDamaged = true;
        Damaged(damage);
    }
}
