namespace Raftd.Mutations.Table;

/// <summary>The driver for MySQL's wire.</summary>
internal static class MySqlMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "mysql-history-not-compared",
            Failures = [],
            Wrong = "a batch is committed behind a row with the right number and another chain: history that the database has lost is built upon",
            In = "MySqlCommit.AddLog",
            Original = """script.Write($"CASE WHEN MAX(seq) = {before.Seq} AND MAX(CASE WHEN seq = {before.Seq} THEN chain END) = {before.Chain} ");""",
            Broken = """script.Write($"CASE WHEN MAX(seq) = {before.Seq} ");""",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-any-row-is-a-lost-race",
            Failures = [],
            Wrong = "a revision that is there already passes for a lost race, and the front tries for ever",
            In = "MySqlSession.TryInsertLog",
            Original = "!isLogTaken && MySqlFaults.IsLostRace(failure)",
            Broken = "MySqlFaults.IsLostRace(failure)",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-lost-commit-is-away",
            Failures = [],
            Wrong = "a connection that broke behind a commit is told as one where nothing was changed",
            In = "MySqlFaults.Of",
            Original = "mayHaveWritten ? DatabaseFault.Unknown : DatabaseFault.Away",
            Broken = "DatabaseFault.Away",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-commit-by-any-packet",
            Failures = [],
            Wrong = "a connection that broke in the midst of a large batch counts as one that broke behind its commit",
            In = "MySqlSession.SendAll",
            Original = "mayHaveWritten && at == packets.Count - 1",
            Broken = "mayHaveWritten",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-dead-connections-pooled",
            Failures = [],
            Wrong = "connections that died with another one are given to the next callers",
            In = "MySqlSession.SendAll",
            Original = "database.Discard();",
            Broken = "{ }",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-waits-for-a-socket",
            Failures = [],
            Wrong = "a front stands still for as long as a server does that takes nothing",
            In = "MySqlLink.Run",
            Original = "new SendGuard(_connection, 2 * limit)",
            Broken = "new SendGuard(_connection, Timeout.InfiniteTimeSpan)",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-snapshot-of-many-moments",
            Failures = [],
            Wrong = "each statement of a snapshot sees what was committed before it",
            In = "MySqlSession.Snapshot",
            Original = """script.Add($"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");""",
            Broken = """script.Add($"SET TRANSACTION ISOLATION LEVEL READ COMMITTED");""",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-not-strict",
            Failures = [],
            Wrong = "a server that is not strict makes a 0 of the number that a lost race asks for, and cuts keys",
            In = "MySqlDatabase.MySqlDatabase(2)",
            Original = "SettingsOf(options)",
            Broken = "SettingsOf(options).Replace(\"STRICT_TRANS_TABLES,\", \"\", StringComparison.Ordinal)",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-changes-of-one-page",
            Failures = [],
            Wrong = "changes end after the first page of rows",
            In = "MySqlSnapshot.Changes",
            Original = "sizes.Count < ChangesOfOneStep",
            Broken = "true",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-pieces-left-behind",
            Failures = [],
            Wrong = "sweeping leaves the pieces of large values in the database for ever",
            In = "MySqlSweep.AddEnd",
            Original = "AddDoomed(script, bucket, from, next, compactRevision, table);",
            Broken = "AddDoomed(script, bucket, from, next, compactRevision, new Sql(\"raftd_revisions\"));",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-shown-before-durable",
            Failures = [],
            Wrong = "a server that shows commits before they are durable is taken",
            In = "MySqlChecks.FindProblems",
            Original = """Is("log_bin", "ON") && !Is("sync_binlog", "1")""",
            Broken = "false",
            Suites = [Suite.MySql],
        },
        new()
        {
            Name = "mysql-any-format",
            Failures = [],
            Wrong = "tables of another format are used",
            In = "MySqlSchema.MakeDefaultBucket",
            Original = "format == TableFormat.Current",
            Broken = "true",
            Suites = [Suite.MySql],
        },
    ];
}
