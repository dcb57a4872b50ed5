using Raftd.Raft;

namespace Raftd.Exploration.Rules;

/// <summary>One vote, as the network knows it.</summary>
internal readonly record struct VoteCast(ulong Term, NodeId By, NodeId For);

internal static class Votes
{
    /// <summary>A granted vote, or the candidate's own, which it gives by asking for the others'.</summary>
    public static VoteCast? FindIn(Message message) => message.Kind switch
    {
        MessageKind.MsgVoteResp when !message.Reject => new VoteCast(message.Term, message.From, message.To),
        MessageKind.MsgVote => new VoteCast(message.Term, message.From, message.From),
        _ => null,
    };
}
