// What holds between members, looked at in each world that is new, for the member that just moved.

using Raftd.Exploration.Members;
using Raftd.Exploration.Worlds;
using Raftd.Raft;

namespace Raftd.Exploration.Rules;

/// <summary>A new world, as the rules see it.</summary>
/// <param name="Members">The states of all members.</param>
/// <param name="Moved">Which of them just took a step.</param>
/// <param name="Known">What was committed before that step.</param>
/// <param name="Committed">What is committed now.</param>
/// <param name="LosesDurable">A crash may have taken what was acknowledged.</param>
internal readonly record struct View(
    MemberState[] Members, int Moved, Committed Known, Committed Committed, bool LosesDurable)
{
    public MemberState Mover => Members[Moved];
}

internal static class WorldRules
{
    private static readonly (string Name, Func<View, bool> Holds)[] OfWorlds =
    [
        ("one leader in a term", ElectionSafety),
        ("logs agree up to where they have the same term", LogMatching),
        ("committed entries agree everywhere", StateMachineSafety),
        ("a leader has what was committed in earlier terms", LeaderCompleteness),
        ("a majority has on disk what is committed", CommittedByMajority),
        ("match is on the peer's disk", MatchIsTrue),
        ("one change at a time", OneChangeAtATime),
        ("a leader's majorities meet those of what is committed", MajoritiesMeet),
    ];

    public static string? FindViolation(in View view)
    {
        foreach (var (name, holds) in OfWorlds)
        {
            if (!holds(view))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>The network remembers for ever who voted for whom, and who led.</summary>
    public static string? FindContradiction(Message sent, int[] network, MessageTable messages)
    {
        var vote = Votes.FindIn(sent);
        var isLeaders = IsLeaders(sent);
        if (vote is null && !isLeaders)
        {
            return null;
        }

        foreach (var number in network)
        {
            var other = messages[number];
            if (isLeaders && IsLeaders(other) && other.Term == sent.Term && other.From != sent.From)
            {
                return $"one leader in a term: {other.From} and {sent.From} led term {sent.Term}";
            }

            if (vote is { } cast && Votes.FindIn(other) is { } given
                && given.Term == cast.Term && given.By == cast.By && given.For != cast.For)
            {
                return $"one vote in a term: {cast.By} voted for {given.For} and {cast.For} in term {cast.Term}";
            }
        }

        return null;
    }

    /// <summary>The answer to a read is not below what was known to be committed when it was asked.</summary>
    public static string? FindStaleRead(ReadState[] answered, Usage used)
    {
        foreach (var read in answered)
        {
            if (read.Index < used.FloorOf(read.Context))
            {
                return $"reads are fresh: read {read.Context} at {read.Index}, {used.FloorOf(read.Context)} was committed";
            }
        }

        return null;
    }

    private static bool IsLeaders(Message message) => message.Kind is MessageKind.MsgApp or MessageKind.MsgHeartbeat;

    private static bool ElectionSafety(View view)
    {
        var mover = view.Mover;
        return !mover.IsLeader
            || Array.TrueForAll(view.Members, other => other == mover || !other.IsLeader || other.Term != mover.Term);
    }

    private static bool LogMatching(View view)
    {
        var mover = view.Mover;
        return Array.TrueForAll(view.Members, other => AreMatching(mover.Log, other.Log) && AreMatching(mover.Durable, other.Durable));
    }

    private static bool AreMatching(Slot[] a, Slot[] b) => Slots.AgreeUpTo(Slots.LastOfSameTerm(a, b), a, b);

    private static bool StateMachineSafety(View view) =>
        Slots.AgreeUpTo(view.Mover.Commit, view.Mover.Log, view.Committed.Entries);

    private static bool LeaderCompleteness(View view)
    {
        foreach (var member in view.Members)
        {
            for (var index = 1UL; member.IsLeader && index <= view.Committed.Last; index++)
            {
                if (view.Committed.Terms[index] < member.Term && !Has(member.Log, index, view.Committed.Entries[index]))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>Of the configuration that the member which learned of it first had in force.</summary>
    private static bool CommittedByMajority(View view)
    {
        if (view.LosesDurable || view.Committed == view.Known)
        {
            return true;
        }

        var (last, having) = (view.Committed.Last, 0);
        var voters = view.Mover.Configuration.Voters;
        foreach (var member in view.Members)
        {
            having += voters.Contains(member.Id) && Has(member.Durable, last, view.Committed.Entries[last]) ? 1 : 0;
        }

        return 2 * having > voters.Length;
    }

    /// <summary>As long as the peer has not gone on to a later term, in which another leader may overwrite.</summary>
    private static bool MatchIsTrue(View view)
    {
        foreach (var leader in view.Members)
        {
            foreach (var peer in leader.Peers)
            {
                var follower = view.Members[peer.Peer];
                if (!view.LosesDurable && follower.Term <= leader.Term
                    && !((ulong)follower.Durable.Length > peer.Match && Slots.AgreeUpTo(peer.Match, leader.Log, follower.Durable)))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool OneChangeAtATime(View view)
    {
        var pending = 0;
        for (var index = view.Committed.Last + 1; view.Mover.IsLeader && index <= view.Mover.LastIndex; index++)
        {
            pending += view.Mover.Log[index].IsConfiguration ? 1 : 0;
        }

        return pending <= 1;
    }

    /// <summary>Of the leader of the latest term: an earlier one may lead and have no followers.</summary>
    private static bool MajoritiesMeet(View view)
    {
        var mover = view.Mover;
        return !mover.IsLeader
            || Array.Exists(view.Members, other => other.Term > mover.Term)
            || DoMajoritiesMeet(mover.Configuration, view.Committed.Configuration);
    }

    /// <summary>By trying all pairs of sets of members.</summary>
    private static bool DoMajoritiesMeet(Configuration a, Configuration b)
    {
        const int Sets = 1 << 3;
        for (var x = 0; x < Sets; x++)
        {
            for (var y = 0; y < Sets; y++)
            {
                if ((x & y) == 0 && IsMajority(x, a) && IsMajority(y, b))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static bool IsMajority(int set, Configuration configuration)
    {
        var votes = 0;
        foreach (var voter in configuration.Voters)
        {
            votes += (set >> ((int)voter.Value - 1)) & 1;
        }

        return 2 * votes > configuration.Voters.Length;
    }

    /// <summary>Compacted counts: what stood there was committed, and is compared by the other rules.</summary>
    private static bool Has(Slot[] log, ulong index, Slot entry) =>
        index < (ulong)log.Length && (log[index].Term == 0 || log[index] == entry);
}
