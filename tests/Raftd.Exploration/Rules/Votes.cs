using Raftd.Raft;

namespace Raftd.Exploration.Rules;

/// <summary>One vote, as the network knows it.</summary>
internal readonly record struct VoteCast(ulong Term, NodeId By, NodeId For);

internal static class Votes
{
    /// <summary>A request for a vote or the answer to one, between these members.</summary>
    public static bool IsBetween(Message message, int from, int to) =>
        message.Kind is MessageKind.MsgVote or MessageKind.MsgVoteResp
        && message.From.Value == (ulong)from + 1 && message.To.Value == (ulong)to + 1;

    /// <summary>A granted vote, or the candidate's own, which it gives by asking for the others'.</summary>
    public static VoteCast? FindIn(Message message) => message.Kind switch
    {
        MessageKind.MsgVoteResp when !message.Reject => new VoteCast(message.Term, message.From, message.To),
        MessageKind.MsgVote => new VoteCast(message.Term, message.From, message.From),
        _ => null,
    };
}
