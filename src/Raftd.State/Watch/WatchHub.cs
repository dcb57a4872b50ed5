// Watching. Each watch gets every change of its range from its start revision on: in order, once, whole revisions.
//
// Changes reach a watch in one of two ways, and it changes over between them without a gap or a repeat:
//
//   live      what is published is queued here and goes to the watches that keep up (WatchHub.Live.cs)
//   history   a watch that is behind reads the changes from the store, in pages, until it meets the newest (WatchHub.History.cs)
//
// A watch falls behind when its session has no room, when the queue had to be dropped, when a snapshot has replaced the state,
// and at its beginning, if that lies in the past. Next says in each case where it goes on. So a slow client costs a bounded
// number of bytes and a read of history, and no one else anything.
//
// Why nothing is lost at the change-over:
//
//   W1. A view is out before its changes are queued. So what a view of revision V lacks, all of it above V, is queued after that
//       view was taken, or is in the queue already.
//   W2. Changes are queued whenever there is a watch, or a request for one: the count is raised before the request is posted.
//   W3. A watch that has read all of a view of V becomes live with Next = V + 1, and what is queued below Next passes it by.
//   W4. Only the hub's loop moves a watch; the queue and the requests come in through one lock.
//
// The hub has a loop of its own: publishing hands over a list and goes on.

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.State.Watch;

/// <summary>All watches of this process. Stepped by one thread; sessions may be used by any.</summary>
public sealed partial class WatchHub : IStateObserver, IDisposable
{
    /// <summary>Changes dispatched in one step.</summary>
    private const int ChangesPerStep = 4096;

    private readonly IReplicatedState _state;
    private readonly WatchOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Guards what comes in, and the list of sessions.</summary>
    private readonly Lock _gate = new();
    private readonly HashSet<WatchSession> _sessions = [];
    private List<(WatchSession Session, WatchOrder Order)> _orders = [];
    private Queue<List<RevisionRecord>> _published = [];
    private long _publishedBytes;
    private bool _hasGap;
    private bool _isDisposed;

    private readonly RangeIndex<WatchGroup> _ranges = new();
    private int _count;
    private long _queuedBytes;

    public WatchHub(IReplicatedState state, WatchOptions options, TimeProvider time)
    {
        _state = state;
        _options = options;
        _time = time;
    }

    internal long SeekTold() => _state.SeekTold();

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Watches, and requests for some. Any thread.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Bytes of messages that no session has read yet. Any thread.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    public WatchSession Open()
    {
        var session = new WatchSession(this);
        lock (_gate)
        {
            if (_isDisposed)
            {
                throw WatchSession.Stopped();
            }

            _sessions.Add(session);
        }

        return session;
    }

    /// <summary>Queues what was published. On the apply thread, after the view shows it.</summary>
    public void OnPublished(PublishedChanges changes)
    {
        // A request that comes after this look finds the changes in the view that is already out (W2).
        Interlocked.MemoryBarrier();
        if (Count == 0 || changes.Keys.Count == 0)
        {
            return;
        }

        var bytes = 0L;
        foreach (var change in changes.Keys)
        {
            bytes += change.LogicalBytes;
        }

        lock (_gate)
        {
            _published.Enqueue(changes.Keys);
            _publishedBytes += bytes;
            if (_publishedBytes > _options.MaxPublishedBytes)
            {
                DropPublished();
            }
        }

        Wake();
    }

    /// <summary>What the snapshot has brought is read from history.</summary>
    public void OnReplaced()
    {
        lock (_gate)
        {
            DropPublished();
        }

        Wake();
    }

    /// <summary>Does a bounded amount of what there is to do.</summary>
    /// <returns>True when there is more.</returns>
    public bool Step()
    {
        TakePublished();
        var isLiveLeft = DispatchSome();
        if (!isLiveLeft)
        {
            TakeOrders();
        }

        return isLiveLeft | CatchUp();
    }

    /// <summary>About ten times a second.</summary>
    public void Tick() => TellProgress();

    /// <summary>Ends all sessions.</summary>
    public void Dispose() => End(WatchSession.Stopped());

    /// <summary>Ends all sessions, and says why.</summary>
    public void End(StoreException why)
    {
        WatchSession[] sessions;
        lock (_gate)
        {
            _isDisposed = true;
            sessions = [.. _sessions];
        }

        foreach (var session in sessions)
        {
            session.End(why);
        }
    }

    /// <summary>Any thread.</summary>
    internal void Post(WatchSession session, WatchOrder order)
    {
        if (order is WatchOrder.Create)
        {
            // Before the request can be seen (W2).
            Interlocked.Increment(ref _count);
        }

        lock (_gate)
        {
            _orders.Add((session, order));
        }

        Wake();
    }

    internal void CountQueued(long bytes) => Interlocked.Add(ref _queuedBytes, bytes);

    /// <summary>The session has read something, or is closed and never will. Any thread.</summary>
    internal void CountRead(WatchSession session, long bytes)
    {
        Interlocked.Add(ref _queuedBytes, -bytes);
        if (session.IsWaiting && session.Bytes <= RoomOf() / 2 && session.StopWaiting())
        {
            Post(session, new WatchOrder.Room());
        }
    }

    /// <summary>What the queue lacks from now on has to come from history.</summary>
    private void DropPublished()
    {
        _published.Clear();
        _publishedBytes = 0;
        _hasGap = true;
    }

    /// <summary>A session may always have a little, or those that do not read would keep the others out.</summary>
    private long RoomOf() => QueuedBytes < _options.MaxQueuedBytes ? _options.MaxSessionBytes : _options.LeastSessionBytes;

    private bool HasRoom(WatchSession session) => session.Bytes < RoomOf();

    /// <summary>The watch reads history from a change on.</summary>
    private void FallBehind(Watcher watcher, Revision from)
    {
        watcher.Next = from.CompareTo(watcher.Next) > 0 ? from : watcher.Next;
        if (HasRoom(watcher.Session))
        {
            watcher.State = WatcherState.Behind;
            _behind.Enqueue(watcher);
            return;
        }

        watcher.State = WatcherState.Blocked;
        watcher.Session.Blocked.Add(watcher);
        watcher.Session.BeginWaiting();
        if (HasRoom(watcher.Session) && watcher.Session.StopWaiting())
        {
            // Its reader has made room meanwhile and did not see that anything waits.
            Unblock(watcher.Session);
        }
    }

    private void Unblock(WatchSession session)
    {
        foreach (var watcher in session.Blocked)
        {
            watcher.State = WatcherState.Behind;
            _behind.Enqueue(watcher);
        }

        session.Blocked.Clear();
    }
}
