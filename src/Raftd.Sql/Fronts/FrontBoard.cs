using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Timekeeping;
using Raftd.State.Views;

namespace Raftd.Sql.Fronts;

/// <summary>What a front shows of its state, and those whom it tells. The commit loop writes; any thread reads.</summary>
internal sealed class FrontBoard(IDatabase database, FrontState start) : IReplicatedState
{
    // Guards those who wait for a row, and what was swept.
    private readonly Lock _gate = new();
    private readonly List<(long Seq, TaskCompletionSource Shown)> _awaited = [];
    private readonly List<IStateObserver> _observers = [];
    private Swept _swept;
    private volatile FrontState _state = start;
    private long _told;
    private volatile StoreException? _fence;
    private volatile bool _hasEnded;

    /// <summary>Behind the newest row that was taken in.</summary>
    public FrontState State => _state;

    /// <summary>Why this front answers nothing any more; null while it does.</summary>
    public StoreException? Fence => _fence;

    /// <summary>The bucket was removed: what is asked from then on is not asked here.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>This front leads, as far as it knows, and may say so: one that is fenced gives no sign of it.</summary>
    public bool IsLedBy(ulong self) => _fence is null && _state.Last.Leader == self;

    /// <summary>Called once, when the fence falls.</summary>
    public Action<StoreException> Fenced { get; set; } = static _ => { };

    /// <summary>How far the database is rid of compacted history, as last heard.</summary>
    public Swept Swept
    {
        get
        {
            lock (_gate)
            {
                return _swept;
            }
        }

        set
        {
            lock (_gate)
            {
                _swept = value;
            }
        }
    }

    /// <summary>Called when rows that are known to be there are waited for.</summary>
    public Action Behind { get; set; } = static () => { };

    /// <summary>The newest revision that this front shows or has told a client of.</summary>
    public long ToldRevision => Math.Max(Volatile.Read(ref _told), _state.Last.Revision);

    public long SeekTold()
    {
        var told = ToldRevision;
        if (told > _state.Last.Revision)
        {
            Behind();
        }

        return told;
    }

    IStateView IReplicatedState.View() => View();

    public FrontView View() => new FrontView(_state, Swept.Bytes, database);

    public void Observe(IStateObserver observer) => _observers.Add(observer);

    /// <summary>The database has answered this revision, and a client is about to be told of it. Any thread.</summary>
    public void NoteTold(long revision)
    {
        lock (_gate)
        {
            _told = Math.Max(_told, revision);
        }
    }

    /// <summary>Ends once a front leads: it is in the second row at the earliest.</summary>
    public async Task LedAsync()
    {
        while (_state.Last.Leader == 0)
        {
            await ShownAsync(_state.Last.Seq + 1);
        }
    }

    /// <summary>Ends once this row has been taken in; with an exception where this front is fenced.</summary>
    public Task ShownAsync(long seq)
    {
        lock (_gate)
        {
            if (_fence is { } fence)
            {
                return Task.FromException(fence);
            }

            if (_state.Last.Seq >= seq)
            {
                return Task.CompletedTask;
            }

            var shown = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((seq, shown));
            return shown.Task;
        }
    }

    /// <summary>On the commit loop's thread.</summary>
    /// <param name="state">Newer than the one shown.</param>
    /// <param name="changes">What lies between.</param>
    /// <param name="hasAllKeys">False where the changes of keys were too many: those who watch read them from history.</param>
    public void Show(FrontState state, PublishedChanges changes, bool hasAllKeys)
    {
        _state = state;
        foreach (var observer in _observers)
        {
            if (hasAllKeys || observer is Lessor)
            {
                observer.OnPublished(changes);
            }
            else
            {
                observer.OnReplaced();
            }
        }

        Release();
    }

    /// <summary>A state whose changes were not seen one by one.</summary>
    public void Replace(FrontState state)
    {
        _state = state;
        _observers.ForEach(static observer => observer.OnReplaced());
        Release();
    }

    /// <summary>The log has ended.</summary>
    /// <param name="session">Of the database.</param>
    /// <exception cref="DatabaseException">It is to be called again: what is under way has no answer yet.</exception>
    public void End(ISession session)
    {
        // First: whether the name means another bucket is looked up behind the beginning of all that is answered by the reason.
        _hasEnded = true;
        FenceOff(BucketEnd.ReasonOf(session, database.Bucket));
    }

    public void FenceOff(StoreException reason)
    {
        lock (_gate)
        {
            if (_fence is not null)
            {
                return;
            }

            _fence = reason;
        }

        foreach (var (_, shown) in Take(static _ => true))
        {
            shown.TrySetException(reason);
        }

        Fenced(reason);
    }

    private void Release()
    {
        foreach (var (_, shown) in Take(waiting => waiting <= _state.Last.Seq))
        {
            shown.TrySetResult();
        }
    }

    private List<(long Seq, TaskCompletionSource Shown)> Take(Predicate<long> isDue)
    {
        lock (_gate)
        {
            var due = _awaited.FindAll(item => isDue(item.Seq));
            _awaited.RemoveAll(item => isDue(item.Seq));
            return due;
        }
    }
}
