using Npgsql;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Postgres;

/// <summary>A slice of a deletion as a set, in the transaction that holds the row of the log.</summary>
internal static class PostgresRangeDeletion
{
    // $2 and $3: the first and the last key of the slice.
    private const string Leased =
        "(SELECT k, lease FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND k <= $3 AND lease <> 0) AS gone";

    private static readonly string EndHiddenLeases = PostgresDeletion.OfEach(
        "raftd_leases", Leased, $"kept.id = gone.lease AND kept.flags & {LeaseFlags.Hidden} <> 0");

    private static readonly string Detach = PostgresDeletion.OfEach(
        "raftd_lease_keys", Leased, "kept.lease = gone.lease AND kept.k = gone.k");

    // $4 the revision, $5 the sub of the first deletion.
    private static readonly string InsertDeletions =
        $"""
        INSERT INTO raftd_revisions (bucket, {PostgresRows.VersionColumns}, prev_rev, prev_sub, v)
        SELECT bucket, $4, $5 - 1 + row_number() OVER (ORDER BY k), k, 0, 0, 0, {(int)KeyFlags.Tombstone}, 0, mod_rev, mod_sub, NULL
        FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND k <= $3
        """;

    private const string DeleteKeys = "DELETE FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND k <= $3";

    /// <returns>The command whose rows are the deletions.</returns>
    public static NpgsqlBatchCommand Add(NpgsqlBatch commands, long bucket, RangeDeletion deletion, KeySlice slice, long firstSub)
    {
        if (deletion.HasLeases)
        {
            commands.Add(EndHiddenLeases).With(bucket).With(slice.First).With(slice.Last);
            commands.Add(Detach).With(bucket).With(slice.First).With(slice.Last);
        }

        var inserted = commands.Add(InsertDeletions)
            .With(bucket).With(slice.First).With(slice.Last).With(deletion.Revision).With(firstSub);
        commands.Add(DeleteKeys).With(bucket).With(slice.First).With(slice.Last);
        return inserted;
    }
}
