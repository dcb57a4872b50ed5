namespace Raftd.Mutations.Table;

/// <summary>The driver for PostgreSQL.</summary>
internal static class PostgresMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "postgres-history-not-compared",
            Failures = [],
            Wrong = "a batch is committed behind a row with the right number and another chain: history that the database has lost is built upon",
            In = "PostgresCommit.AddLog",
            Original = "InsertLog",
            Broken = "InsertLog.Replace(\"= $3 THEN\", \"IS NOT NULL AND $3 IS NOT NULL THEN\", StringComparison.Ordinal)",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-lost-race-is-wrong",
            Failures = [],
            Wrong = "a front that lost a race is told that its tables are wrong",
            In = "PostgresFaults.IsLostRace",
            Original = "error.TableName == PostgresSchema.Log",
            Broken = "false",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-any-row-is-a-lost-race",
            Failures = [],
            Wrong = "a revision that is there already passes for a lost race, and the front tries for ever",
            In = "PostgresFaults.IsLostRace",
            Original = "error.TableName == PostgresSchema.Log",
            Broken = "true",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-lost-commit-is-away",
            Failures = [],
            Wrong = "a connection that broke behind a commit is told as one where nothing was changed",
            In = "PostgresFaults.Of",
            Original = "mayHaveWritten ? DatabaseFault.Unknown : DatabaseFault.Away",
            Broken = "DatabaseFault.Away",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-failed-connection-pooled",
            Failures = [],
            Wrong = "a connection that has failed is given to the next caller",
            In = "PostgresSession.Fail",
            Original = "database.Discard();",
            Broken = "{ }",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-snapshot-of-many-moments",
            Failures = [],
            Wrong = "each statement of a snapshot sees what was committed before it",
            In = "PostgresSession.Snapshot",
            Original = "\"BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY\"",
            Broken = "\"BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY\"",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-changes-of-one-page",
            Failures = [],
            Wrong = "changes end after the first page of rows",
            In = "PostgresSnapshot.Changes",
            Original = "step.Count < ChangesOfOneStep",
            Broken = "true",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-sweep-begins-revisions-anew",
            Failures = [],
            Wrong = "a step of a sweep begins anew with its revision, and a large one is never done",
            In = "PostgresSweep.Add",
            Original = "SweepOne",
            Broken = "SweepOne.Replace(\"(rev, sub) >= ($2, $3)\", \"rev >= $2 AND $3 >= 0\", StringComparison.Ordinal)",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-unsafe-commits",
            Failures = [],
            Wrong = "a server that acknowledges commits before they are durable is taken",
            In = "PostgresChecks.FindProblems",
            Original = "reader.GetBoolean(3)",
            Broken = "false",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-settings-taken-for-granted",
            Failures = [],
            Wrong = "a server that lacks a setting of PostgreSQL is asked for it, and the start ends with its error",
            In = "PostgresChecks.IsOff",
            Original = "$\"COALESCE(current_setting('{setting}', true) = 'off', false)\"",
            Broken = "$\"current_setting('{setting}') = 'off'\"",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-any-format",
            Failures = [],
            Wrong = "tables of another format are used",
            In = "PostgresSchema.MakeDefaultBucket",
            Original = "format == TableFormat.Current",
            Broken = "true",
            Suites = [Suite.Postgres],
        },
        new()
        {
            Name = "postgres-deletes-by-a-join",
            Failures = [],
            Wrong = "a deletion of some keys reads all of the bucket, by a plan that was made while the table was nearly empty",
            In = "PostgresDeletion.OfEach",
            Original = """$"SELECT kept.ctid FROM {table} AS kept WHERE kept.bucket = $1 AND {match} LIMIT 1" """,
            Broken = """$"SELECT kept.ctid FROM {table} AS kept WHERE kept.bucket = $1 AND {match}" """,
            Suites = [Suite.Postgres],
        },
    ];
}
