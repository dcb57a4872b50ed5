using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.State.Watch;

// Watches that are behind read history, a page with each step, and all that are at the page read it together.
public sealed partial class WatchHub
{
    /// <summary>Watches that read one page.</summary>
    private const int ReadersPerPage = 1024;

    /// <summary>In turn: the first decides where the page begins. May hold watches that are not behind any more.</summary>
    private readonly Queue<Watcher> _behind = new();
    private readonly List<Watcher> _readers = [];

    /// <returns>True when there is more to do at once.</returns>
    private bool CatchUp()
    {
        while (_behind.TryPeek(out var head) && head.State != WatcherState.Behind)
        {
            _behind.Dequeue();
        }

        if (!_behind.TryDequeue(out var first))
        {
            return false;
        }

        if (!HasRoom(first.Session))
        {
            FallBehind(first, first.Next);
            return _behind.Count > 0;
        }

        var view = _state.View();
        if (first.Next.Main < view.CompactRevision)
        {
            EndCompacted(first, view.CompactRevision);
            return true;
        }

        try
        {
            ReadPage(first, view);
            return _behind.Count > 0;
        }
        catch (StoreException e) when (e.Code is ErrorCode.NotReady or ErrorCode.Compacted)
        {
            // A snapshot is being switched in, or a compaction has been applied and its view is not out yet: with the next tick.
            _behind.Enqueue(first);
            return false;
        }
    }

    private void ReadPage(Watcher first, IStateView view)
    {
        var page = WholeRevisions(view.Changes(first.Next, _options.MaxMessageBytes), view.Revision);
        GatherReaders(first, page.End);
        foreach (var group in _readers.GroupBy(static reader => reader.Group))
        {
            var changes = page.Changes.Where(change => group.Key.Holds(change.Key)).ToList();
            foreach (var reader in group)
            {
                Read(reader, changes, page, view);
            }
        }

        _readers.Clear();
    }

    /// <summary>A page ends behind a whole revision, unless it holds a part of one alone.</summary>
    private static Page WholeRevisions(ChangePage page, long viewRevision)
    {
        if (page.Next is not { } next)
        {
            return new Page(page.Changes, new Revision(viewRevision + 1, 0), IsLast: true);
        }

        var whole = page.Changes.Count;
        while (next.Sub > 0 && whole > 0 && page.Changes[whole - 1].Revision.Main == next.Main)
        {
            whole--;
        }

        return whole == 0 || next.Sub == 0
            ? new Page(page.Changes, next, IsLast: false)
            : new Page([.. page.Changes.Take(whole)], new Revision(next.Main, 0), IsLast: false);
    }

    /// <summary>Those at the page, from the front of the queue; the others keep their places.</summary>
    private void GatherReaders(Watcher first, Revision end)
    {
        _readers.Add(first);
        for (var looked = Math.Min(_behind.Count, ReadersPerPage); looked > 0; looked--)
        {
            var watcher = _behind.Dequeue();
            if (watcher.State != WatcherState.Behind)
            {
                continue;
            }

            var isAtPage = watcher.Next.CompareTo(first.Next) >= 0 && watcher.Next.CompareTo(end) < 0;
            if (isAtPage && HasRoom(watcher.Session))
            {
                _readers.Add(watcher);
            }
            else
            {
                _behind.Enqueue(watcher);
            }
        }
    }

    private void Read(Watcher reader, List<RevisionRecord> changes, Page page, IStateView view)
    {
        // A number that another watcher was given while this one waited its turn would mean two places in the queue.
        Invariant.Check(reader.State == WatcherState.Behind, $"watch {reader.Id} reads history while it is {reader.State}");
        var end = page.End;
        var events = new List<WatchEvent>();
        var bytes = 0L;
        try
        {
            foreach (var change in changes.Where(reader.Wants))
            {
                if (bytes > _options.MaxMessageBytes)
                {
                    end = change.Revision;
                    break;
                }

                var made = WatchEvents.Of(change, reader.Request.WithPrevious, view);
                events.Add(made);
                bytes += change.LogicalBytes + (made.Previous?.ValueBytes ?? 0);
            }
        }
        catch (StoreException e) when (e.Code == ErrorCode.NotReady)
        {
            _behind.Enqueue(reader);
            return;
        }

        Tell(reader, events, end, end == page.End && page.IsLast ? view.Revision : end.Sub == 0 ? end.Main - 1 : end.Main);

        // A watch whose start is still to come stays where it is.
        reader.Next = end.CompareTo(reader.Next) > 0 ? end : reader.Next;
        if (end == page.End && page.IsLast)
        {
            reader.State = WatcherState.Synced;
        }
        else
        {
            FallBehind(reader, end);
        }
    }

    /// <param name="reader">Gets the events, if there are any, or if it waits for the rest of a revision.</param>
    /// <param name="events">Up to the change before <paramref name="end"/>.</param>
    /// <param name="end">The first change that is not among them.</param>
    /// <param name="revision">What the message says: a client that goes on behind it misses nothing.</param>
    private static void Tell(Watcher reader, List<WatchEvent> events, Revision end, long revision)
    {
        var isFragment = end.Sub > 0 && (events.Count > 0 ? events[^1].Key.ModRevision == end.Main : reader.IsInRevision);
        if (events.Count > 0 || (reader.IsInRevision && !isFragment))
        {
            reader.HadEvents = true;
            reader.Session.Give(new WatchMessage
            {
                Kind = WatchMessageKind.Events,
                Id = reader.Id,
                Revision = revision,
                Events = events,
                IsFragment = isFragment,
            });
        }

        reader.IsInRevision = isFragment;
    }

    /// <param name="Changes">Whole revisions, or a part of one.</param>
    /// <param name="End">The first change behind them.</param>
    /// <param name="IsLast">There is nothing behind them in the view.</param>
    private sealed record Page(IReadOnlyList<RevisionRecord> Changes, Revision End, bool IsLast);
}
