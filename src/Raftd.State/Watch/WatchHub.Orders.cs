using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Watch;

// What clients ask: watches begin, end, and say how far they are.
public sealed partial class WatchHub
{
    private readonly PriorityQueue<Watcher, long> _progress = new();
    private List<(WatchSession Session, WatchOrder Order)> _taken = [];
    private List<(WatchSession Session, WatchOrder Order)> _held = [];

    private void TakeOrders()
    {
        // Looked at before the orders are taken: whatever comes into the view later wakes the loop, which finds what is held.
        var revision = _state.View().Revision;
        lock (_gate)
        {
            (_taken, _orders) = (_orders, _taken);
        }

        var held = _held;
        held.ForEach(static item => item.Session.IsHeld = false);
        _held = [];
        TakeOrders(held, revision);
        TakeOrders(_taken, revision);
        _taken.Clear();
    }

    private void TakeOrders(List<(WatchSession Session, WatchOrder Order)> orders, long revision)
    {
        foreach (var (session, order) in orders)
        {
            if (MustWait(session, order, revision))
            {
                session.IsHeld = true;
                _held.Add((session, order));
                continue;
            }

            if (order.IsAsked)
            {
                session.NoteTaken();
            }

            Do(session, order);
        }
    }

    /// <summary>A watch from now on begins behind all that its client has read here before, and what a client asks is done in its
    /// order. Making room and the end wait for nothing.</summary>
    private static bool MustWait(WatchSession session, WatchOrder order, long revision) =>
        order.IsAsked && !session.IsClosed && (session.IsHeld || (order is WatchOrder.Create create && create.Floor > revision));

    private void Do(WatchSession session, WatchOrder order)
    {
        switch (order)
        {
            case WatchOrder.Close:
                Close(session);
                break;
            case WatchOrder.Create create when session.IsClosed:
                Interlocked.Decrement(ref _count);
                break;
            case WatchOrder.Create create:
                Create(session, create.Request);
                break;
            case WatchOrder.Cancel cancel:
                Cancel(session, cancel.Id);
                break;
            case WatchOrder.Progress:
                AnswerProgress(session);
                break;
            case WatchOrder.Room:
                Unblock(session);
                break;
            default:
                throw new InvariantViolationException($"the watch hub has no case for {order.GetType().Name}");
        }
    }

    private void Create(WatchSession session, WatchRequest request)
    {
        var view = _state.View();
        var low = request.Key.IsEmpty ? [0] : request.Key.ToArray();
        var rangeEnd = request.RangeEnd.ToArray();
        if (Refusal(session, request, low, rangeEnd) is { } refusal)
        {
            Interlocked.Decrement(ref _count);
            session.Answer(new WatchMessage { Kind = WatchMessageKind.Canceled, Id = -1, Revision = view.Revision, End = refusal });
            return;
        }

        var start = request.StartRevision == 0 ? view.Revision + 1 : request.StartRevision;
        var watcher = new Watcher(session, IdOf(session, request), request, GroupOf(low, rangeEnd), new Revision(start, 0));
        watcher.Group.Watchers.Add(watcher);
        session.Watchers.Add(watcher.Id, watcher);
        session.Answer(new WatchMessage { Kind = WatchMessageKind.Created, Id = watcher.Id, Revision = view.Revision });
        if (start < view.CompactRevision)
        {
            EndCompacted(watcher, view.CompactRevision);
        }
        else if (start <= view.Revision)
        {
            FallBehind(watcher, watcher.Next);
        }

        if (request.WithProgress)
        {
            _progress.Enqueue(watcher, ProgressDue(watcher));
        }
    }

    private WatchEnd? Refusal(WatchSession session, WatchRequest request, byte[] low, byte[] rangeEnd) =>
        IsEmpty(low, rangeEnd) ? WatchEnd.EmptyRange
        : request.StartRevision < 0 ? WatchEnd.Compacted
        : request.Id is { } id && session.Watchers.ContainsKey(id) ? WatchEnd.DuplicateId
        : Count > _options.MaxWatches ? WatchEnd.TooMany
        : null;

    private static bool IsEmpty(byte[] low, byte[] rangeEnd) =>
        rangeEnd.Length > 0 && !KeyRange.IsToEnd(rangeEnd) && low.AsSpan().SequenceCompareTo(rangeEnd) >= 0;

    /// <summary>Numbers of watches that have ended are not given again, unless the client asks for them.</summary>
    private static long IdOf(WatchSession session, WatchRequest request)
    {
        if (request.Id is { } id)
        {
            return id;
        }

        while (session.Watchers.ContainsKey(session.NextId))
        {
            session.NextId++;
        }

        return session.NextId++;
    }

    private WatchGroup GroupOf(byte[] low, byte[] rangeEnd)
    {
        if (_ranges.Find(low, rangeEnd) is { } group)
        {
            return group;
        }

        group = new WatchGroup(low, rangeEnd);
        _ranges.Add(low, rangeEnd, group);
        return group;
    }

    private void Cancel(WatchSession session, long id)
    {
        if (!session.Watchers.Remove(id, out var watcher))
        {
            return;
        }

        Leave(watcher);
        session.Answer(new WatchMessage
        {
            Kind = WatchMessageKind.Canceled,
            Id = id,
            Revision = _state.View().Revision,
            End = WatchEnd.Requested,
        });
    }

    /// <summary>The watch ends, and its number stays taken until the client cancels it.</summary>
    private void EndCompacted(Watcher watcher, long compactRevision)
    {
        Leave(watcher);
        watcher.Session.Answer(new WatchMessage
        {
            Kind = WatchMessageKind.Canceled,
            Id = watcher.Id,
            Revision = 0,
            End = WatchEnd.Compacted,
            CompactRevision = compactRevision,
        });
    }

    private void Close(WatchSession session)
    {
        foreach (var watcher in session.Watchers.Values)
        {
            Leave(watcher);
        }

        session.Watchers.Clear();
        session.Blocked.Clear();
        session.Drain();
        lock (_gate)
        {
            _sessions.Remove(session);
        }
    }

    private void Leave(Watcher watcher)
    {
        if (watcher.State == WatcherState.Dead)
        {
            return;
        }

        if (watcher.State == WatcherState.Blocked)
        {
            watcher.Session.Blocked.Remove(watcher);
        }

        watcher.State = WatcherState.Dead;
        Interlocked.Decrement(ref _count);
        var group = watcher.Group;
        group.Watchers.Remove(watcher);
        if (group.Watchers.Count == 0)
        {
            _ranges.Remove(group.Low, group.RangeEnd);
        }
    }

    /// <summary>Silence, if a watch of the session has not brought everything: the client asks again.</summary>
    private void AnswerProgress(WatchSession session)
    {
        if (session.IsClosed || session.Watchers.Count == 0)
        {
            return;
        }

        var revision = session.Watchers.Values.Min(BroughtUpTo);
        if (revision > 0)
        {
            session.Answer(new WatchMessage { Kind = WatchMessageKind.Progress, Id = -1, Revision = revision });
        }
    }

    /// <summary>0 for a watch that is not live, or whose start is still to come.</summary>
    private long BroughtUpTo(Watcher watcher)
    {
        if (watcher.State != WatcherState.Synced)
        {
            return 0;
        }

        var brought = Math.Max(watcher.Next.Main - 1, _dispatched);
        return brought <= _state.View().Revision ? brought : 0;
    }

    private void TellProgress()
    {
        var now = _time.GetTimestamp();
        while (_progress.TryPeek(out var watcher, out var due) && due <= now)
        {
            _progress.Dequeue();
            if (watcher.State == WatcherState.Dead)
            {
                continue;
            }

            var revision = watcher.HadEvents ? 0 : BroughtUpTo(watcher);
            watcher.HadEvents = false;
            if (revision > 0 && HasRoom(watcher.Session))
            {
                watcher.Session.Give(new WatchMessage { Kind = WatchMessageKind.Progress, Id = watcher.Id, Revision = revision });
            }

            _progress.Enqueue(watcher, ProgressDue(watcher));
        }
    }

    private long ProgressDue(Watcher watcher)
    {
        var interval = _options.ProgressInterval;
        var spread = interval / 10 * (((watcher.Id * 7) + watcher.Session.Watchers.Count) % 10) / 10;
        return _time.TimestampAfter(interval + spread);
    }
}
