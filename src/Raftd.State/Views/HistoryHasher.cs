// The hash by which an operator compares members: over the history of all keys, from the compact revision C up to R.
//
// The naive way walks the stored revisions. But how many of the compacted ones a member has deleted by now is its own affair,
// what it has applied is not all flushed, and a walk of a large store would hold one read transaction for minutes. So:
//
//   1. The keys as they were at C, in key order: what a read at C shows. A record that C has superseded is not among them,
//      whether it is deleted yet or not, and neither are tombstones.
//   2. Every change of C + 1 to R, in the order of revisions. None of these can have been compacted.
//
// Both are read through views: from memory what is not flushed, from the store the rest. A step reads a view of its own and a
// bounded number of bytes, so no step keeps a read transaction or an index alive for the next one. It may, because neither
// part ever changes, as long as C is the compact revision. A compaction in the meantime takes what part 1 still has to read:
// then the work begins anew at the new C. In part 2 it matters only where it takes a change that has not been read.
//
// The hash is that of the chain (StateHash) over the records' fields and not over stored bytes, so formats may change.

using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Views;

/// <summary>Hashes the history of all keys, a bounded step at a time. One thread at a time.</summary>
public sealed class HistoryHasher
{
    /// <summary>Who compacts faster than the history can be read ends the work.</summary>
    private const int MaxBeginnings = 8;

    private readonly Func<IHistoryView> _view;
    private readonly long _asked;
    private readonly long _stepBytes;
    private int _beginnings;
    private StateHash _hash = new(0);
    private byte[]? _nextKey;
    private Revision? _nextChange;

    /// <param name="view">The newest view.</param>
    /// <param name="revision">0 or below for the newest.</param>
    /// <param name="stepBytes">Of logical bytes, about.</param>
    /// <exception cref="StoreException">Compacted, FutureRevision.</exception>
    public HistoryHasher(Func<IHistoryView> view, long revision, long stepBytes)
    {
        _view = view;
        _asked = revision;
        _stepBytes = stepBytes;
        Begin(view());
    }

    /// <summary>The last revision that is hashed.</summary>
    public long Revision { get; private set; }

    public long CompactRevision { get; private set; }

    /// <summary>Once Step has returned false.</summary>
    public ulong Hash => _hash.Value;

    /// <returns>True when there is more to do.</returns>
    /// <exception cref="StoreException">Compacted: the revision asked for has been compacted meanwhile. TooManyRequests:
    /// compactions follow each other too fast. NotReady: ask again.</exception>
    public bool Step()
    {
        var view = _view();
        try
        {
            if (_nextKey is not null)
            {
                AddImage(view);
            }
            else if (_nextChange is { } from)
            {
                AddChanges(view.Changes(from, _stepBytes));
            }
        }
        catch (StoreException overtaken) when (overtaken.Code == ErrorCode.Compacted)
        {
            Begin(_view());
        }

        return _nextKey is not null || _nextChange is not null;
    }

    private void Begin(IHistoryView view)
    {
        // A compaction that is applied and not published shows in what is read before it shows in a view: begun anew at the
        // old C then, as often as it takes.
        var isOvertaken = _beginnings == 0 || view.CompactRevision != CompactRevision;
        if (isOvertaken && ++_beginnings > MaxBeginnings)
        {
            throw new StoreException(
                ErrorCode.TooManyRequests,
                $"compactions overtook the hash {MaxBeginnings} times, the last to {view.CompactRevision}",
                "ask again when fewer compactions run");
        }

        CompactRevision = view.CompactRevision;
        Revision = _asked <= 0 ? view.Revision : _asked;
        ReadableRevisions.Require(Revision, view.Revision, view.CompactRevision);
        _hash = new StateHash(0);
        _nextKey = [];
        _nextChange = FirstChange;
    }

    private Revision? FirstChange => CompactRevision < Revision ? new Revision(CompactRevision + 1, 0) : null;

    private void AddImage(IHistoryView view)
    {
        var page = view.Image(_nextKey, CompactRevision, _stepBytes);
        foreach (var record in page.Records)
        {
            record.AddTo(_hash);
        }

        _nextKey = page.Next;
    }

    private void AddChanges(ChangePage page)
    {
        foreach (var change in page.Changes.Where(change => change.Revision.Main <= Revision))
        {
            change.AddTo(_hash);
        }

        _nextChange = page.Next is { } next && next.Main <= Revision ? next : null;
    }
}
