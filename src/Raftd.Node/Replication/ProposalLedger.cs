// Which caller waits for which entry.
//
// The naive way fails all proposals when leadership is lost. The client then tries again, and the first attempt may still be
// applied: twice. A proposal's outcome is known in exactly one way: an entry is committed at its index. If that entry has
// its term, it is the proposal itself; if not, the proposal is certainly lost. Neither losing leadership nor cutting our own
// log decides anything: another member may still hold the entry, win a later election and commit it (Raft paper, figure 8).
// So proposals of former terms stay until their index is decided or their time is up.
//
// A leadership gives its proposals rising indexes, so each leadership has a queue of its own, and a commit looks at the
// heads alone: each proposal is handled once, however many a deposed leader had outstanding. There are as many queues as
// leaderships fit into the time limit of a request, a handful.

using Raftd.Raft;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

/// <summary>Proposals by the entry that carries them. Owned by the replica's thread.</summary>
internal sealed class ProposalLedger
{
    // One queue for each leadership. None is empty except perhaps the last, that of the current one. In each, indexes
    // strictly increase. They may hold ended proposals whose time was up.
    private readonly List<Queue<Proposal>> _leaderships = [new()];

    // No proposal's time is up before this: the lowest deadline of the last full scan and of the proposals added since.
    private long _earliestDeadline = long.MaxValue;

    public int Count
    {
        get
        {
            var count = 0;
            foreach (var proposals in _leaderships)
            {
                count += proposals.Count;
            }

            return count;
        }
    }

    /// <summary>A new term begins: the proposals that wait belong to a former one.</summary>
    public void BeginTerm()
    {
        if (_leaderships[^1].Count > 0)
        {
            _leaderships.Add(new Queue<Proposal>());
        }
    }

    public void Add(Proposal proposal, EntryId entry)
    {
        proposal.Term = entry.Term;
        proposal.Index = entry.Index;
        _earliestDeadline = Math.Min(_earliestDeadline, proposal.Deadline);
        _leaderships[^1].Enqueue(proposal);
    }

    /// <summary>The entry is committed: ends the proposals that it displaced, and returns the one that it carries.</summary>
    public Proposal? TakeCommitted(EntryId entry)
    {
        Proposal? found = null;
        foreach (var proposals in _leaderships)
        {
            found = TakeCommitted(proposals, entry) ?? found;
        }

        DropEmpty();
        return found;
    }

    /// <summary>A snapshot covers everything up to the index: those entries were decided, and this member does not know how.</summary>
    public void SkipTo(ulong index) => EndWhile(head => head.Index <= index);

    /// <summary>Ends proposals whose time is up: their outcome is unknown.</summary>
    /// <remarks>Deadlines are not in order: a forwarded proposal has the rest of its caller's time, perhaps less than one before
    /// it. All are scanned once in a time limit, and more often only while some are overdue.</remarks>
    public void EndOverdue(long now)
    {
        if (now < _earliestDeadline)
        {
            return;
        }

        _earliestDeadline = long.MaxValue;
        foreach (var proposals in _leaderships)
        {
            EndOverdue(proposals, now);
        }

        EndWhile(static head => head.Task.IsCompleted);
    }

    /// <summary>The member stops: no caller learns more.</summary>
    public void EndAll() => EndWhile(static _ => true);

    private void EndOverdue(Queue<Proposal> proposals, long now)
    {
        foreach (var proposal in proposals)
        {
            if (proposal.Deadline <= now)
            {
                proposal.End(ProposalEnd.Unknown);
            }
            else if (!proposal.Task.IsCompleted)
            {
                _earliestDeadline = Math.Min(_earliestDeadline, proposal.Deadline);
            }
        }
    }

    private static Proposal? TakeCommitted(Queue<Proposal> proposals, EntryId entry)
    {
        while (proposals.TryPeek(out var head) && head.Index <= entry.Index)
        {
            proposals.Dequeue();
            if (head.Index == entry.Index && head.Term == entry.Term)
            {
                return head;
            }

            head.End(head.Index == entry.Index ? ProposalEnd.NotProposed : ProposalEnd.Unknown);
        }

        return null;
    }

    private void EndWhile(Predicate<Proposal> ends)
    {
        foreach (var proposals in _leaderships)
        {
            while (proposals.TryPeek(out var head) && ends(head))
            {
                proposals.Dequeue();
                head.End(ProposalEnd.Unknown);
            }
        }

        DropEmpty();
    }

    private void DropEmpty()
    {
        for (var i = _leaderships.Count - 2; i >= 0; i--)
        {
            if (_leaderships[i].Count == 0)
            {
                _leaderships.RemoveAt(i);
            }
        }
    }
}
