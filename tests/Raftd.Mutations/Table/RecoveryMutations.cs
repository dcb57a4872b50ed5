namespace Raftd.Mutations.Table;

/// <summary>A cluster that lost its quorum: what is taken, what may be lost, what the new one begins with.</summary>
internal static class RecoveryMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "recovered-without-the-log",
            Failures = [83],
            Wrong = "a recovery takes the state on disk and leaves out the log behind it, acknowledged writes among it",
            In = "StoppedMember.CopyTo",
            Original = "Apply(state, entries);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "recovered-from-the-longest",
            Failures = [83],
            Wrong = "the longest log is taken for the highest: it may be one that a later term has overwritten",
            In = "RecoveryPlan.Highest",
            Original = "directory.Last.Term",
            Broken = "(directory.Last.Term - directory.Last.Term)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "recovered-by-half",
            Failures = [83],
            Wrong = "a recovery calls one voter of three enough to have all that was acknowledged",
            In = "RecoveryPlan.Of",
            Original = "counted.Count >= Quorum.Of(voters.Count)",
            Broken = "counted.Count + 1 >= Quorum.Of(voters.Count)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "recovered-by-a-torn-log",
            Failures = [26, 83],
            Wrong = "a log whose end was torn counts as proof of what its member acknowledged",
            In = "RecoveryPlan.CountedOf",
            Original = "!directory.IsRecovering",
            Broken = "true",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "recovered-without-a-word",
            Failures = [83],
            Wrong = "a loss is named and not asked about",
            In = "Recovery.Make",
            Original = "!options.AcceptLoss",
            Broken = "options.AcceptLoss && !options.AcceptLoss",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "damaged-log-called-whole",
            Failures = [27, 83],
            Wrong = "a log that is damaged in its middle counts up to there as all that its member had",
            In = "DirectoryReport.HasWholeLog",
            Original = "LogDamage is null",
            Broken = "(LogDamage is null || LogDamage.Length > 0)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "look-takes-no-lock",
            Failures = [42, 83],
            Wrong = "the directory of a member that runs is read while it writes",
            In = "DirectoryLock.AcquireForReading",
            Original = "Take(handle, file, directory);",
            Broken = "",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "damage-ends-nothing",
            Failures = [27, 83],
            Wrong = "one who looks at a damaged log is not told of it",
            In = "LogRecovery.RunUpToDamage",
            Original = "damage ??= corrupt;",
            Broken = "",
            Suites = [Suite.Wal],
        },
    ];
}
