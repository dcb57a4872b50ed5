using Raftd.Raft;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Checkers;

/// <summary>A member votes once in a term, and what it has said that it voted it knows at each later start.</summary>
/// <remarks>
/// Two leaders of one term are rare even where votes are lost: the second candidate must have a log that is as good, and must
/// not have heard of the first. What was said is seen on the wire, whether or not it arrives; a candidate votes for itself.
/// A member that may have lost the end of its log may have lost a vote with it; it says so with what it votes until it is whole.
/// </remarks>
internal sealed class VoteChecker
{
    // The newest by member.
    private readonly Dictionary<ulong, (ulong Term, ulong For)> _said = [];

    public void Sent(ulong from, Message message)
    {
        switch (message.Kind)
        {
            case MessageKind.MsgVote:
                Voted(from, message, from);
                break;
            case MessageKind.MsgVoteResp when !message.Reject:
                Voted(from, message, message.To.Value);
                break;
        }
    }

    public void Started(Incarnation member)
    {
        var raft = member.Raft;
        if (!_said.TryGetValue(member.Host.Id, out var said) || raft.IsRecovering || raft.Term > said.Term)
        {
            return;
        }

        SafetyViolationException.Require(
            raft.Term == said.Term && raft.Vote.Value == said.For,
            $"{member.Host.Name} said that it voted for m{said.For} in term {said.Term}, and starts in term {raft.Term} with a vote for "
            + $"m{raft.Vote.Value}");
    }

    private void Voted(ulong member, Message message, ulong candidate)
    {
        var said = _said.GetValueOrDefault(member);
        SafetyViolationException.Require(
            message.Recovering || message.Term != said.Term || candidate == said.For,
            $"m{member} votes for m{said.For} and for m{candidate} in term {message.Term}");
        if (message.Term >= said.Term)
        {
            _said[member] = (message.Term, candidate);
        }
    }
}
