using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Views;

namespace Raftd.State.Watch;

/// <summary>A revision that is too large for one message, as one watch has it. Its reader takes it from the store itself, at its own
/// pace: the hub goes on, and what a slow client has not taken yet costs nothing but its place.</summary>
internal sealed class LargeRevision(IReplicatedState state, WatchGroup group, WatchRequest request, long main, long maxPieceBytes)
    : ILargeRevision
{
    public IEnumerable<IReadOnlyList<WatchEvent>> Read()
    {
        for (Revision? next = new Revision(main, 0); next is { } from && from.Main == main;)
        {
            // A view of its own for each page: none is kept while the reader waits for its client.
            var view = state.View();
            RequireKept(view);
            var page = view.Changes(from, maxPieceBytes);
            foreach (var piece in PiecesOf(page.Changes, view))
            {
                yield return piece;
            }

            next = page.Next;
        }
    }

    private void RequireKept(IStateView view)
    {
        if (main < view.CompactRevision)
        {
            throw new StoreException(
                ErrorCode.Compacted,
                $"revision {main} was compacted while it was read; the oldest left is {view.CompactRevision}",
                "watch again: the watch is told where it can go on");
        }
    }

    /// <summary>One page's events; several pieces where the versions before are large.</summary>
    private IEnumerable<IReadOnlyList<WatchEvent>> PiecesOf(IReadOnlyList<RevisionRecord> changes, IStateView view)
    {
        var piece = new List<WatchEvent>();
        var bytes = 0L;
        foreach (var change in changes)
        {
            if (change.Revision.Main != main || !group.Holds(change.Key) || !request.Wants(change))
            {
                continue;
            }

            var made = WatchEvents.Of(change, request.WithPrevious, view);
            piece.Add(made);
            bytes += WatchEvents.BytesOf(change, made);
            if (bytes > maxPieceBytes)
            {
                yield return piece;
                (piece, bytes) = ([], 0);
            }
        }

        if (piece.Count > 0)
        {
            yield return piece;
        }
    }
}
