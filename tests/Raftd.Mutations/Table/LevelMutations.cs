namespace Raftd.Mutations.Table;

/// <summary>Builds of two feature levels side by side, and what is newer than a build.</summary>
internal static class LevelMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "error-text-in-hash",
            Failures = [34, 37, 82],
            Wrong = "the words of a refusal are part of its hash: a build that mends one takes its peers for damaged (docs/bugs.md)",
            In = "ErrorResult.WriteBody",
            Original = "writer.Number(Bound);",
            Broken = "writer.Number(Bound); writer.Bytes(System.Text.Encoding.UTF8.GetBytes(ErrorText.Of(this)));",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "level-of-the-leader",
            Failures = [82],
            Wrong = "the level rises to what the leader's build knows, and not what all know",
            In = "LevelRaiser.LevelOfAll",
            Original = "Math.Min(level, announced)",
            Broken = "level",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "level-rises-past-silent-members",
            Failures = [82],
            Wrong = "a member that says nothing is not waited for: it comes back and cannot read the log",
            In = "LevelRaiser.LevelOfAll",
            Original = "return 0;",
            Broken = "continue;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "level-for-other-members",
            Failures = [82],
            Wrong = "the level rises although a member joined between the question and the entry",
            In = "RaiseLevelCommand.RefusalAt",
            Original = "ConfigurationIndex == configurationIndex",
            Broken = "true",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "join-beside-a-rising-level",
            Failures = [82],
            Wrong = "a member joins while the entry that raises the level is on its way, and is held against the level before",
            In = "MembershipQueue.IsSettled",
            Original = "replica.IsPromoted && !replica.IsRaisingLevel",
            Broken = "replica.IsPromoted",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "raise-ends-with-its-answer",
            Failures = [82],
            Wrong = "an entry that raises the level is forgotten when its time limit is over, and applied afterwards",
            In = "Replica.IsRaisingLevel",
            Original = "raise.Index == 0 ? !raise.Task.IsCompleted : raise.Term == _raft.Term && raise.Index > _applied",
            Broken = "!raise.Task.IsCompleted",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "any-build-joins",
            Failures = [82],
            Wrong = "a member whose build does not know the cluster's level joins, and stops at the first entry",
            In = "JoinChange.RequireLevel",
            Original = "Request.FeatureLevel < level",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "old-build-takes-part",
            Failures = [82],
            Wrong = "a member that was put back to an older build votes and acknowledges what it cannot read",
            In = "PeerIdentity.Refusal",
            Original = "caller.Level < level",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "command-above-the-level-proposed",
            Failures = [82],
            Wrong = "a command that members of the cluster's level cannot read gets into the log, and none gets past it",
            In = "Replica.RefuseAboveLevel",
            Original = "needed <= level",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "level-sought-by-ticks-alone",
            Failures = [82],
            Wrong = "the first clients of a new cluster are refused what all its members can do",
            In = "Replica.RefuseAboveLevel",
            Original = "LevelSought();",
            Broken = "_ = level;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "newer-report-refused",
            Failures = [82],
            Wrong = "a report that a newer build has added to ends the stream: members of two builds do not hear each other",
            In = "MemberReport.TryRead",
            Original = "source.Length < EncodedBytes",
            Broken = "source.Length != EncodedBytes",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "newer-command-is-a-bug",
            Failures = [82],
            Wrong = "an entry of a newer build is a broken invariant: the operator is told to report a bug",
            In = "CommandExecutor.Decode",
            Original = """NewerLevelException.ThrowIfNewer($"entry {index}", CommandCodec.LevelOf(command.Span), knownLevel);""",
            Broken = "_ = index;",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "raised-above-its-own-build",
            Failures = [82],
            Wrong = "a member applies a level that its build does not know, and goes on in forms of its own",
            In = "CommandExecutor.Decode",
            Original = """NewerLevelException.ThrowIfNewer($"what follows entry {index}", decoded.LevelBehind, knownLevel);""",
            Broken = "_ = decoded;",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "newer-state-is-damage",
            Failures = [82],
            Wrong = "a state of a newer build is called corrupt: the operator is told to throw it away",
            In = "StoredMeta.Read",
            Original = """NewerLevelException.ThrowIfNewer("the state", level, knownLevel);""",
            Broken = "_ = level;",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "newer-snapshot-is-damage",
            Failures = [82],
            Wrong = "a snapshot of a newer build is called damaged, thrown away and asked for again, for ever",
            In = "SnapshotReceiver.Handle",
            Original = """NewerLevelException.ThrowIfNewer("a snapshot", header.FeatureLevel, _knownLevel);""",
            Broken = "_ = header;",
            Suites = [Suite.Store],
        },
    ];
}
