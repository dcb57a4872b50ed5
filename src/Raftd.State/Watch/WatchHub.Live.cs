using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Watch;

// What is published goes to the watches that keep up, one revision after the other.
public sealed partial class WatchHub
{
    private readonly Queue<List<RevisionRecord>> _dispatching = new();
    private readonly List<WatchGroup> _found = [];
    private readonly Dictionary<WatchGroup, List<RevisionRecord>> _hits = [];
    private int _dispatchedOfFirst;

    /// <summary>The last revision that was given to live watches, or would have been.</summary>
    private long _dispatched;

    private void TakePublished()
    {
        bool hasGap;
        lock (_gate)
        {
            hasGap = _hasGap;
            _hasGap = false;
            while (_published.TryDequeue(out var list))
            {
                _dispatching.Enqueue(list);
            }

            _publishedBytes = 0;
        }

        if (hasGap)
        {
            PassGap();
        }
    }

    /// <summary>Between what was dispatched and what is queued now, something is missing.</summary>
    private void PassGap()
    {
        List<WatchSession> sessions;
        lock (_gate)
        {
            sessions = [.. _sessions];
        }

        foreach (var watcher in sessions.SelectMany(static session => session.Watchers.Values).ToList())
        {
            if (watcher.State == WatcherState.Synced)
            {
                FallBehind(watcher, new Revision(_dispatched + 1, 0));
            }
        }
    }

    /// <returns>True when changes are left.</returns>
    private bool DispatchSome()
    {
        var left = ChangesPerStep;
        while (left > 0 && _dispatching.TryPeek(out var list))
        {
            if (_dispatchedOfFirst == list.Count)
            {
                _dispatching.Dequeue();
                _dispatchedOfFirst = 0;
                continue;
            }

            var end = EndOfRevision(list, _dispatchedOfFirst);
            Dispatch(list, _dispatchedOfFirst, end);
            left -= end - _dispatchedOfFirst;
            _dispatchedOfFirst = end;
        }

        return _dispatching.Count > 0;
    }

    private static int EndOfRevision(List<RevisionRecord> list, int start)
    {
        var end = start;
        while (end < list.Count && list[end].Revision.Main == list[start].Revision.Main)
        {
            end++;
        }

        return end;
    }

    private void Dispatch(List<RevisionRecord> list, int start, int end)
    {
        for (var at = start; at < end; at++)
        {
            _found.Clear();
            _ranges.Collect(list[at].Key, _found);
            foreach (var group in _found)
            {
                if (!_hits.TryGetValue(group, out var changes))
                {
                    _hits.Add(group, changes = []);
                }

                changes.Add(list[at]);
            }
        }

        foreach (var (group, changes) in _hits)
        {
            Dispatch(group, changes);
        }

        _hits.Clear();
        _dispatched = list[start].Revision.Main;
    }

    private void Dispatch(WatchGroup group, List<RevisionRecord> changes)
    {
        var main = changes[0].Revision.Main;
        var events = new WatchEvents(_state, changes, _options.MaxMessageBytes);

        // By index: a watch may be ended with its session's last straw, and leave the list.
        for (var i = group.Watchers.Count - 1; i >= 0; i--)
        {
            var watcher = group.Watchers[i];
            if (watcher.State != WatcherState.Synced || watcher.Next.Main > main)
            {
                continue;
            }

            if (events.TryOf(watcher, out var wanted) && (wanted.Count == 0 || HasRoom(watcher.Session)))
            {
                Give(watcher, wanted, main);
            }
            else
            {
                FallBehind(watcher, new Revision(main, 0));
            }
        }
    }

    private static void Give(Watcher watcher, IReadOnlyList<WatchEvent> events, long main)
    {
        watcher.Next = new Revision(main + 1, 0);
        if (events.Count == 0)
        {
            return;
        }

        watcher.HadEvents = true;
        watcher.Session.Give(new WatchMessage
        {
            Kind = WatchMessageKind.Events,
            Id = watcher.Id,
            Revision = main,
            Events = events,
        });
    }
}
