namespace Raftd.Raft;

/// <content>
/// What no input may undo, checked in Release before and after each one.
///
/// Checking inside each handler alone misses the bug that matters: a handler that was changed and now forgets a rule. So
/// the state is marked where an input comes in and compared where it leaves, over every handler between. Facts that only
/// one transition knows are checked in that transition.
///
/// Each check is a compare of numbers at hand, because it runs with every message. What takes a walk through the log or a
/// look at other members (log matching, leader completeness, quorums that meet) is held to by tests/Raftd.Exploration,
/// after each step, in all states that it reaches.
///
/// No peer can make a check fail: what a message claims is tested where it comes in, and a claim that no correct member
/// makes is dropped with a report.
/// </content>
public sealed partial class RaftNode
{
    /// <summary>The state before an input, as far as the input may not undo it.</summary>
    private readonly record struct Mark(ulong Term, NodeId Vote, RaftRole Role, ulong Commit, ulong LastIndex);

    private Mark Marked => new(Term, Vote, Role, Commit, LastIndex);

    private void CheckSince(in Mark before)
    {
        Invariant.Check(Term >= before.Term, $"term fell from {before.Term} to {Term}");
        Invariant.Check(Commit >= before.Commit, $"commit fell from {before.Commit} to {Commit}");
        Invariant.Check(Commit <= LastIndex, $"commit {Commit} is above the last index {LastIndex}");
        if (Term == before.Term)
        {
            CheckWithinTerm(before);
        }

        // A leader and a candidate of a term have spent its vote on themselves. Otherwise a second candidate could get it.
        Invariant.Check(
            Role is RaftRole.Follower or RaftRole.PreCandidate || Vote == Id, $"{Role} of term {Term} voted for {Vote}, not for itself, {Id}");
        Invariant.Check(
            (Role == RaftRole.Leader) == (Leader == Id), $"{Role} {Id} takes {Leader} for the leader of term {Term}");
    }

    private void CheckWithinTerm(in Mark before)
    {
        Invariant.Check(
            before.Vote.IsNone || Vote == before.Vote, $"the vote of term {Term} went from {before.Vote} to {Vote}");
        Invariant.Check(
            Role != RaftRole.Leader || before.Role != RaftRole.Leader || LastIndex >= before.LastIndex,
            $"the leader of term {Term} cut its log from {before.LastIndex} to {LastIndex}");

        // A leader that gives up its term never takes it back: what it answered meanwhile, it answered as a follower.
        Invariant.Check(
            Role != RaftRole.Leader || before.Role is RaftRole.Leader or RaftRole.Candidate,
            $"{before.Role} became the leader of term {Term} without an election in it");
    }
}
