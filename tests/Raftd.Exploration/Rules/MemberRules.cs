// What holds for one member by itself, looked at once for each step that the core takes.

using Raftd.Exploration.Members;
using Raftd.Raft;

namespace Raftd.Exploration.Rules;

internal static class MemberRules
{
    private static readonly (string Name, Func<MemberState, MemberState, MemberInput, bool> Holds)[] OfSteps =
    [
        ("terms never go back", TermsNeverGoBack),
        ("a vote is kept for its term", VoteIsKept),
        ("a commit index never goes back", CommitNeverGoesBack),
        ("what is committed stays", CommittedStays),
        ("a leader only appends", LeaderOnlyAppends),
        ("a change waits for a commit of the term and of the change before", ChangeWaits),
    ];

    private static readonly (string Name, Func<MemberState, bool> Holds)[] OfStates =
    [
        ("applied <= commit, durable <= last", StagesAreInOrder),
        ("what counts as durable is on disk", StableIsOnDisk),
        ("a leader is a voter, or removed by what is not committed", LeaderIsVoter),
        ("match < next <= last + 1", ProgressIsSane),
        ("the newest configuration of the log is in force", ConfigurationIsOfTheLog),
    ];

    private static readonly (string Name, Func<MemberState, Message, bool> Holds)[] OfMessages =
    [
        ("a term is durable before it is said", TermIsDurable),
        ("a vote is durable before it is said", VoteIsDurable),
        ("entries are durable before they are acknowledged", AcknowledgedIsDurable),
    ];

    public static string? FindViolation(MemberState before, MemberState after, MemberInput input, IEnumerable<Message> sent)
    {
        foreach (var (name, holds) in OfSteps)
        {
            if (!holds(before, after, input))
            {
                return name;
            }
        }

        foreach (var (name, holds) in OfStates)
        {
            if (!holds(after))
            {
                return name;
            }
        }

        return FindBrokenPromise(after, sent);
    }

    private static string? FindBrokenPromise(MemberState sender, IEnumerable<Message> sent)
    {
        foreach (var message in sent)
        {
            foreach (var (name, holds) in OfMessages)
            {
                if (!holds(sender, message))
                {
                    return $"{name} ({MessageText.Of(message)})";
                }
            }
        }

        return null;
    }

    private static bool IsCrash(MemberInput input) => input.Kind is InputKind.Crash or InputKind.Tear;

    private static bool TermsNeverGoBack(MemberState before, MemberState after, MemberInput input) =>
        after.HardState.Term >= before.HardState.Term && (IsCrash(input) || after.Term >= before.Term);

    private static bool VoteIsKept(MemberState before, MemberState after, MemberInput input)
    {
        var onDisk = before.HardState;
        return (onDisk.Vote.IsNone || after.HardState.Term > onDisk.Term || after.HardState.Vote == onDisk.Vote)
            && (IsCrash(input) || before.Vote.IsNone || after.Term > before.Term || after.Vote == before.Vote);
    }

    private static bool CommitNeverGoesBack(MemberState before, MemberState after, MemberInput input) =>
        IsCrash(input) || after.Commit >= before.Commit;

    private static bool CommittedStays(MemberState before, MemberState after, MemberInput input) =>
        IsCrash(input) || Slots.AgreeUpTo(before.Commit, before.Log, after.Log);

    private static bool LeaderOnlyAppends(MemberState before, MemberState after, MemberInput input) =>
        IsCrash(input) || !before.IsLeader || !after.IsLeader || after.Term != before.Term
        || (after.LastIndex >= before.LastIndex && Slots.AgreeUpTo(before.LastIndex, before.Log, after.Log));

    private static bool ChangeWaits(MemberState before, MemberState after, MemberInput input) =>
        input.Kind != InputKind.Configure || after.LastIndex == before.LastIndex
        || (before.Log[before.Commit].Term == before.Term
            && before.ConfigurationIndex <= before.Commit
            && after.Configuration.VoterDifference(before.Configuration) <= 1);

    private static bool StagesAreInOrder(MemberState member) =>
        member.Applied <= member.Commit && member.Applied <= member.Stable
        && member.Commit <= member.LastIndex && member.Stable <= member.LastIndex;

    private static bool StableIsOnDisk(MemberState member) =>
        (ulong)member.Durable.Length > Math.Max(member.Stable, member.DurableBase)
        && Slots.AgreeUpTo(member.Stable, member.Log, member.Durable);

    private static bool LeaderIsVoter(MemberState member) =>
        !member.IsLeader || member.Configuration.IsVoter(member.Id) || member.ConfigurationIndex > member.Commit;

    private static bool ProgressIsSane(MemberState member) =>
        Array.TrueForAll(member.Peers, peer => peer.Match < peer.Next && peer.Next <= member.LastIndex + 1);

    /// <summary>The one in force is in the log, or in the part that a snapshot stands for, and none is behind it.</summary>
    private static bool ConfigurationIsOfTheLog(MemberState member)
    {
        var newest = Array.FindLastIndex(member.Log, slot => slot.IsConfiguration);
        return newest >= 0
            ? member.ConfigurationIndex == (ulong)newest
            : member.ConfigurationIndex <= member.LastIndex && member.Log[member.ConfigurationIndex].Term == 0;
    }

    /// <summary>A pre-vote speaks of a term that no member has entered.</summary>
    private static bool TermIsDurable(MemberState sender, Message sent) =>
        sent.Kind is MessageKind.MsgPreVote or MessageKind.MsgPreVoteResp || sent.Term <= sender.HardState.Term;

    private static bool VoteIsDurable(MemberState sender, Message sent) =>
        Votes.FindIn(sent) is not { } vote || sender.HardState.Term > vote.Term || sender.HardState.Vote == vote.For;

    private static bool AcknowledgedIsDurable(MemberState sender, Message sent) =>
        sent.Kind != MessageKind.MsgAppResp || sent.Reject || (ulong)sender.Durable.Length > sent.Index;
}
