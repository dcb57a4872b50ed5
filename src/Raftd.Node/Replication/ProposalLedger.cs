// Who waits for which entry.
//
// A proposal's fate is known in exactly one way: some entry is committed at its index. If that entry has its term, it is
// the proposal itself; if not, the proposal is surely lost. Neither losing leadership nor a truncation of our own log
// decides anything: another member may still hold the entry, win a later election and commit it (Raft paper, figure 8).
// So proposals of former terms stay on a list of their own until their index is decided or their time is up.

using Raftd.Raft;

namespace Raftd.Node.Replication;

/// <summary>Proposals by the entry that carries them. Owned by the replica's thread.</summary>
internal sealed class ProposalLedger
{
    // Of the present leadership: indexes strictly increase. May hold ended proposals whose time was up.
    private readonly Queue<Proposal> _current = new();

    // Of leaderships before; short-lived, because their time limit passes soon.
    private readonly List<Proposal> _former = [];

    public int Count => _current.Count + _former.Count;

    /// <summary>A new term begins: what waits now belongs to a former one.</summary>
    public void BeginTerm()
    {
        _former.AddRange(_current);
        _current.Clear();
    }

    public void Add(Proposal proposal, EntryId entry)
    {
        proposal.Term = entry.Term;
        proposal.Index = entry.Index;
        _current.Enqueue(proposal);
    }

    /// <summary>The entry is committed: ends the proposals it displaced, and hands out the one it carries.</summary>
    public Proposal? TakeCommitted(EntryId entry)
    {
        var former = TakeFormer(entry);
        while (_current.TryPeek(out var head) && head.Index <= entry.Index)
        {
            _current.Dequeue();
            if (head.Index == entry.Index && head.Term == entry.Term)
            {
                return head;
            }

            head.End(head.Index == entry.Index ? ProposalEnd.NotProposed : ProposalEnd.Unknown);
        }

        return former;
    }

    /// <summary>A snapshot covers everything up to the index: those entries were decided out of our sight.</summary>
    public void SkipTo(ulong index)
    {
        while (_current.TryPeek(out var head) && head.Index <= index)
        {
            _current.Dequeue();
            head.End(ProposalEnd.Unknown);
        }

        EndFormer(proposal => proposal.Index <= index);
    }

    /// <summary>Tells those whose time is up that their outcome is unknown.</summary>
    public void EndOverdue(long now)
    {
        while (_current.TryPeek(out var head) && (head.Deadline <= now || head.Task.IsCompleted))
        {
            _current.Dequeue();
            head.End(ProposalEnd.Unknown);
        }

        EndFormer(proposal => proposal.Deadline <= now);
    }

    /// <summary>The member stops: nobody will learn more.</summary>
    public void EndAll()
    {
        BeginTerm();
        EndFormer(static _ => true);
    }

    private Proposal? TakeFormer(EntryId entry)
    {
        Proposal? found = null;
        for (var i = _former.Count - 1; i >= 0; i--)
        {
            var proposal = _former[i];
            if (proposal.Index != entry.Index)
            {
                continue;
            }

            _former.RemoveAt(i);
            if (proposal.Term == entry.Term)
            {
                found = proposal;
            }
            else
            {
                proposal.End(ProposalEnd.NotProposed);
            }
        }

        return found;
    }

    private void EndFormer(Predicate<Proposal> ends)
    {
        foreach (var proposal in _former)
        {
            if (ends(proposal))
            {
                proposal.End(ProposalEnd.Unknown);
            }
        }

        _former.RemoveAll(proposal => proposal.Task.IsCompleted);
    }
}
