// What changes with the leader: which leadership the proposals belong to, which member times the leases; and the fence.
//
// A leader answers about leases only after three steps on two threads, since renewals of the former leader's time must be
// behind it:
//
//   replica   the first entry of the term is applied here: post Promote to the applier (PromoteIfApplied)
//   applier   the lessor starts each lease's time, then reports back (Applier, Promoted)
//   replica   IsPromoted, if the term is still the same (AcceptPromoted)
//
// The race: leadership may be lost and won again between two of the steps. So each names its term, and a report of an
// earlier one changes nothing.

using Raftd.Raft;

namespace Raftd.Node.Replication;

internal sealed partial class Replica
{
    // The term this member led last, and the index of the first entry of that term; 0 for none.
    private ulong _ledTerm;
    private ulong _firstIndexOfTerm;

    // The term in which this member has applied that entry and told the applier so; and the term in which the applier has
    // begun to time the leases: from then on this member answers about them. 0 while it does not.
    private ulong _promotingTerm;
    private ulong _promotedTerm;
    private string? _fencedBecause;

    /// <summary>On the replica's thread: this member leads and has applied the first entry of its term.</summary>
    public bool IsPromoted => _promotedTerm != 0 && _promotedTerm == _raft.Term && _raft.Role == RaftRole.Leader;

    /// <summary>On the replica's thread.</summary>
    public bool IsLeading => _raft.Role == RaftRole.Leader && _fencedBecause is null;

    /// <summary>For duties that run on the replica's thread.</summary>
    public RaftNode Raft => _raft;

    /// <summary>This member leads and no other one serves reads, so a read needs no round. Learners count as others: one that
    /// applies faster would answer with values that are not visible here yet. And the configuration without the others must be
    /// applied here: what they answered before it is visible here by then.</summary>
    private bool LeadsAlone =>
        _fencedBecause is null
        && IsPromoted
        && _raft.Configuration.Voters.Length == 1
        && _raft.Configuration.Voters[0] == _raft.Id
        && _raft.Configuration.Learners.IsEmpty
        && _raft.ConfigurationIndex <= _applied;

    /// <summary>Cuts this member off: it hears, sends and answers nothing until an operator repairs it.</summary>
    /// <remarks>For a state that contradicts the majority's: every answer could be wrong.</remarks>
    public void Fence(string reason) => _inbox.Post(new ReplicaInput.Fenced(reason));

    private void CutOff(string reason)
    {
        _fencedBecause ??= reason;
        EndLeadership();
        _proposals.EndAll();
        _reads.EndAll();
    }

    private void NoteTerm(Ready ready)
    {
        if (_raft.Role != RaftRole.Leader)
        {
            EndLeadership();
            return;
        }

        if (_ledTerm != _raft.Term)
        {
            EndLeadership();
            _proposals.BeginTerm();
            _ledTerm = _raft.Term;
            _firstIndexOfTerm = 0;
        }

        if (_firstIndexOfTerm == 0)
        {
            _firstIndexOfTerm = FirstOfTerm(ready.Entries, _raft.Term);
        }
    }

    private static ulong FirstOfTerm(IReadOnlyList<Entry> entries, ulong term)
    {
        foreach (var entry in entries)
        {
            if (entry.Term == term)
            {
                return entry.Index;
            }
        }

        return 0;
    }

    private void PromoteIfApplied()
    {
        if (_promotingTerm != _ledTerm && _raft.Role == RaftRole.Leader && _ledTerm == _raft.Term
            && _firstIndexOfTerm != 0 && _applied >= _firstIndexOfTerm)
        {
            _promotingTerm = _ledTerm;
            _applier.Post(new ApplyWork.Promote(_ledTerm));
        }
    }

    /// <summary>From the applier: leases are timed since the first entry of this term.</summary>
    public void Promoted(ulong term) => _inbox.Post(new ReplicaInput.Promoted(term));

    private void AcceptPromoted(ulong term)
    {
        if (_ledTerm == term)
        {
            _promotedTerm = term;
        }
    }

    private void EndLeadership()
    {
        if (_promotingTerm != 0)
        {
            _promotingTerm = 0;
            _promotedTerm = 0;
            _applier.Post(new ApplyWork.Demote());
        }

        _quota.EndLeadership();
        _ledTerm = 0;
    }
}
