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
        Portion portion;
        try
        {
            portion = PortionOf(reader, changes, page, view);
        }
        catch (StoreException e) when (e.Code == ErrorCode.NotReady)
        {
            _behind.Enqueue(reader);
            return;
        }

        var isAll = portion.End == page.End && page.IsLast;
        Tell(reader, portion, isAll ? view.Revision : portion.End.Main - 1);

        // A watch whose start is still to come stays where it is.
        reader.Next = portion.End.CompareTo(reader.Next) > 0 ? portion.End : reader.Next;
        if (isAll)
        {
            reader.State = WatcherState.Synced;
        }
        else
        {
            FallBehind(reader, portion.End);
        }
    }

    /// <summary>What a reader gets of a page: whole revisions, as many as a message holds, or one that no message holds.</summary>
    private Portion PortionOf(Watcher reader, List<RevisionRecord> changes, Page page, IStateView view)
    {
        var events = new List<WatchEvent>();
        var bytes = 0L;
        foreach (var change in changes.Where(reader.Wants))
        {
            var main = change.Revision.Main;
            if (page.IsPart)
            {
                return Large(reader, main);
            }

            if (bytes > _options.MaxMessageBytes)
            {
                // The revision in which the message is full waits for the next one, unless it fills a message by itself.
                events.RemoveAll(made => made.Key.ModRevision == main);
                return events.Count > 0 ? new Portion(events, null, new Revision(main, 0)) : Large(reader, main);
            }

            var made = WatchEvents.Of(change, reader.Request.WithPrevious, view);
            events.Add(made);
            bytes += WatchEvents.BytesOf(change, made);
        }

        return new Portion(events, null, page.End);
    }

    private Portion Large(Watcher reader, long main) => new(
        [], new LargeRevision(_state, reader.Group, reader.Request, main, _options.MaxMessageBytes), new Revision(main + 1, 0));

    /// <param name="reader">Gets the events, if there are any.</param>
    /// <param name="portion">Whole revisions.</param>
    /// <param name="revision">What the message says: a client that goes on behind it misses nothing.</param>
    private static void Tell(Watcher reader, Portion portion, long revision)
    {
        if (portion.Events.Count == 0 && portion.Large is null)
        {
            return;
        }

        reader.HadEvents = true;
        reader.Session.Give(new WatchMessage
        {
            Kind = WatchMessageKind.Events,
            Id = reader.Id,
            Revision = revision,
            Events = portion.Events,
            Large = portion.Large,
        });
    }

    /// <param name="Events">None with a large revision.</param>
    /// <param name="Large">One revision alone.</param>
    /// <param name="End">The first change behind them; within a revision only if the reader wants nothing of what is before it.</param>
    private sealed record Portion(IReadOnlyList<WatchEvent> Events, ILargeRevision? Large, Revision End);

    /// <param name="Changes">Whole revisions, or a part of one.</param>
    /// <param name="End">The first change behind them.</param>
    /// <param name="IsLast">There is nothing behind them in the view.</param>
    private sealed record Page(IReadOnlyList<RevisionRecord> Changes, Revision End, bool IsLast)
    {
        /// <summary>It holds a part of one revision, and nothing else.</summary>
        public bool IsPart => End.Sub > 0;
    }
}
