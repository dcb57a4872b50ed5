using Raftd.Raft;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Checkers;

/// <summary>Election safety and leader completeness (Raft paper, figure 3).</summary>
internal sealed class LeaderChecker(LogChecker log)
{
    private readonly Dictionary<ulong, ulong> _leaderOfTerm = [];

    // Leaders whose log is compared as soon as the first entry of their term is durable: before that a conflicting tail
    // may still be waiting to be cut off.
    private readonly Dictionary<ulong, (ulong Term, ulong FirstIndex)> _unchecked = [];

    public void BecameLeader(SimulatedMember member, ulong term)
    {
        NoteLeader(member.Id, term);
        if (member.Running is { } running)
        {
            var must = log.LastCommittedBefore(term);
            SafetyViolationException.Require(
                running.Raft.LastIndex > must,
                $"{member.Name} leads in term {term} with a log up to {running.Raft.LastIndex - 1}, committed was {must}");
            _unchecked[member.Id] = (term, running.Raft.LastIndex);
        }
    }

    public void Stepped(Incarnation member)
    {
        if (member.Raft.Role != RaftRole.Leader)
        {
            return;
        }

        NoteLeader(member.Host.Id, member.Raft.Term);
        if (_unchecked.TryGetValue(member.Host.Id, out var leader)
            && leader.Term == member.Raft.Term && member.Raft.Stable >= leader.FirstIndex)
        {
            _unchecked.Remove(member.Host.Id);
            CompareLog(member, leader.Term);
        }
    }

    private void NoteLeader(ulong id, ulong term)
    {
        _leaderOfTerm.TryAdd(term, id);
        SafetyViolationException.Require(
            _leaderOfTerm[term] == id, $"m{_leaderOfTerm[term]} and m{id} both lead in term {term}");
    }

    private void CompareLog(Incarnation member, ulong term)
    {
        var wal = member.Parts.Wal;
        for (var index = wal.FirstIndex; index <= log.LastCommittedBefore(term); index++)
        {
            var own = wal.Term(index);
            var committed = log.TermOf(index);
            SafetyViolationException.Require(
                own == committed,
                $"{member.Host.Name} leads in term {term} and has entry {own}/{index}, committed was {committed}/{index}");
        }
    }
}
