// Which of the directories a new cluster is made of, and what that may lose.
//
// The directory with the highest (term, index) is the one. What is known of the others decides whether anything that the
// cluster acknowledged can be missing from it:
//
//   1. The newest configuration of the highest log says who votes.
//   2. If a majority of those voters is here, each with a log that is whole, then the highest would win their election. An
//      election's winner has every entry that was committed (Raft paper, 5.4.3), so nothing that was acknowledged is lost.
//   3. Otherwise the voters that are not here may have committed entries without this one, and whether they did cannot be
//      known. That is a possible loss, and so is a higher directory that cannot be used, and a source that is damaged.
//
// A log whose end was torn proves nothing of what it acknowledged, except where all voters are here: then the highest of all is
// the highest there is (docs/raft.md, for elections). A learner's directory may be the highest, and counts for no majority.
//
// The other way round nothing is weighed: entries behind the commit index are kept, because one that was acknowledged may be
// among them. So a write that was answered with an error, or not at all, may come true, as after any election.

using Raftd.Raft;

namespace Raftd.Node.Restoring;

/// <param name="Source">What the new cluster is made of.</param>
/// <param name="Losses">What may be lost, each a sentence; empty where nothing that was acknowledged can be.</param>
/// <param name="Voters">Who votes by the newest configuration of the highest log; empty where that is not known.</param>
/// <param name="Counted">Those among them whose directories are here and prove what they acknowledged.</param>
public sealed record RecoveryPlan(
    DirectoryReport Source, IReadOnlyList<string> Losses, IReadOnlyList<string> Voters, IReadOnlyList<string> Counted)
{
    /// <param name="given">Directories of one cluster, each of another member.</param>
    /// <exception cref="FatalStopException">None has a state that can be read.</exception>
    public static RecoveryPlan Of(IReadOnlyList<DirectoryReport> given)
    {
        var usable = given.Where(static directory => directory.StateDamage is null).ToList();
        if (usable.Count == 0)
        {
            throw new FatalStopException(
                FatalReason.StateCorrupt, "none of the directories has a state that can be read", "restore a backup (raftd snapshot restore)");
        }

        var whole = given.Where(static directory => directory.HasWholeLog).ToList();
        var voters = whole.Count == 0 ? [] : Highest(whole).Members.Where(static member => member.IsVoter).ToList();
        var counted = CountedOf(voters, whole);
        var isMajority = counted.Count >= Quorum.Of(voters.Count) && voters.Count > 0;
        var source = SourceOf(usable, isMajority);
        List<string> losses = [.. LossesOf(source, given, isMajority)];
        if (!isMajority)
        {
            losses.Insert(0, LossWithoutMajority(source, voters, counted));
        }

        return new RecoveryPlan(source, losses, NamesOf(voters), NamesOf(counted));
    }

    public static string Describe(EntryId entry) => $"term {entry.Term}, index {entry.Index}";

    private static List<ConfiguredMember> CountedOf(List<ConfiguredMember> voters, List<DirectoryReport> whole)
    {
        var here = voters.Where(voter => whole.Any(directory => directory.MemberId == voter.Id)).ToList();
        return here.Count == voters.Count
            ? here
            : [.. here.Where(voter => whole.Any(directory => directory.MemberId == voter.Id && !directory.IsRecovering))];
    }

    /// <summary>With a majority, the winner of its election; a log that is damaged may seem higher and is not needed. Without one, the
    /// highest of all, and a member that was fenced only where there is no other.</summary>
    private static DirectoryReport SourceOf(List<DirectoryReport> usable, bool isMajority)
    {
        var better = usable.Where(directory => isMajority ? directory.HasWholeLog : directory.FencedBecause is null).ToList();
        return Highest(better.Count > 0 ? better : usable);
    }

    private static DirectoryReport Highest(List<DirectoryReport> directories) => directories
        .OrderByDescending(static directory => directory.Last.Term)
        .ThenByDescending(static directory => directory.Last.Index)
        .ThenByDescending(static directory => directory.Problem is null)
        .First();

    private static IEnumerable<string> LossesOf(DirectoryReport source, IReadOnlyList<DirectoryReport> given, bool isMajority)
    {
        foreach (var higher in given.Where(other => !source.Last.IsAtLeast(other.Last) && (other.HasWholeLog || !isMajority)))
        {
            yield return $"{higher.Directory} goes up to {Describe(higher.Last)}, and cannot be used ({higher.Problem}): what lies behind "
                + $"{Describe(source.Last)} is lost";
        }

        if (source.FencedBecause is { } fenced)
        {
            yield return $"the member of {source.Directory} was fenced ({fenced}): its state is not what the others agreed on";
        }

        if (source.IsRecovering && !isMajority)
        {
            yield return $"the end of the log of {source.Directory} was torn: its disk may have lost more than was torn";
        }

        if (source.LogDamage is { } damage)
        {
            yield return $"the log of {source.Directory} is damaged ({damage}): what lay behind {Describe(source.Last)} is lost, and "
                + "entries that were replaced there come back";
        }
    }

    private static string LossWithoutMajority(DirectoryReport source, List<ConfiguredMember> voters, List<ConfiguredMember> counted)
    {
        if (voters.Count == 0)
        {
            return $"no log is whole: whatever was acknowledged behind {Describe(source.Last)} is lost";
        }

        var missing = NamesOf(voters.Except(counted).Where(voter => voter.Id != source.MemberId));
        return $"of the {voters.Count} voters {counted.Count} can be counted on, and a majority is {Quorum.Of(voters.Count)}: what "
            + $"{string.Join(", ", missing)} acknowledged without {source.Label}, behind {Describe(source.Last)}, is lost";
    }

    private static List<string> NamesOf(IEnumerable<ConfiguredMember> members) => [.. members.Select(static member => member.Name)];
}
