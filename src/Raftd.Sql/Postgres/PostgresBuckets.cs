// The table of buckets: how they are listed, made, and deleted once they were removed.
//
// A number is given once. The next one is above all rows, and the row with the highest number stays, cleared, until a higher one is
// there: so it is remembered without a counter. Who adds says which number it means; if it is not the highest any more, nothing is
// inserted.

using Npgsql;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

internal static class PostgresBuckets
{
    private const string List =
        """
        SELECT b.bucket, b.name, b.cluster_id, b.swept_rev, b.swept_bytes, last.seq, last.leader, last.rev, last.key_count
        FROM raftd_buckets AS b LEFT JOIN LATERAL (
          SELECT seq, leader, rev, key_count FROM raftd_log AS l WHERE l.bucket = b.bucket ORDER BY seq DESC LIMIT 1) AS last ON TRUE
        ORDER BY b.bucket
        """;

    private const string InsertNew =
        """
        INSERT INTO raftd_buckets (bucket, name, cluster_id, format, swept_rev, swept_bytes)
        SELECT $1, $2, $3, $4, $5, 0 WHERE $1 > (SELECT max(bucket) FROM raftd_buckets)
        ON CONFLICT DO NOTHING
        """;

    // Only where the row above is this transaction's own: the number would be another bucket's.
    private const string InsertFirst =
        $"""
        INSERT INTO raftd_log ({PostgresCommit.LogColumns})
        SELECT b.bucket, {PostgresCommit.Now}, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
        FROM raftd_buckets AS b WHERE b.bucket = $1 AND b.cluster_id = $2
        """;

    /// <summary>$1 the bucket, $2 rows. The log last, and from its beginning: its end keeps out those that still hold the bucket.</summary>
    public static readonly string[] ClearSteps =
    [
        StepOf("raftd_keys", "k"), StepOf("raftd_revisions", "rev", "sub"), StepOf("raftd_lease_keys", "lease", "k"),
        StepOf("raftd_leases", "id"), StepOf("raftd_meta", "name"), StepOf(PostgresSchema.Log, "seq"),
    ];

    public static void AddList(NpgsqlBatch batch) => batch.Add(List);

    public static BucketRow Read(NpgsqlDataReader row)
    {
        var (id, name, clusterId) = (row.GetInt64(0), PostgresRows.TextAt(row, 1), PostgresRows.UnsignedAt(row, 2));
        var swept = new Swept(row.GetInt64(3), row.GetInt64(4));
        return row.IsDBNull(5)
            ? new BucketRow(id, name, clusterId, swept, Seq: 0, Leader: 0, Revision: 0, KeyCount: 0)
            : new BucketRow(
                id, name, clusterId, swept, row.GetInt64(5), PostgresRows.UnsignedAt(row, 6), row.GetInt64(7), row.GetInt64(8));
    }

    public static void AddNew(NpgsqlBatch batch, BucketRow bucket, LogRow first)
    {
        batch.Add("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE");
        batch.Add(InsertNew)
            .With(bucket.Id).WithText(bucket.Name).With(bucket.ClusterId).With(TableFormat.Current).With(first.Revision);
        PostgresCommit.AddColumns(batch.Add(InsertFirst).With(bucket.Id).With(bucket.ClusterId), first);
        batch.Add("COMMIT");
        batch.Add("SELECT count(*) FROM raftd_buckets WHERE bucket = $1 AND cluster_id = $2").With(bucket.Id).With(bucket.ClusterId);
    }

    public static bool IsNew(NpgsqlDataReader reader) => reader.Read() && reader.GetInt64(0) > 0;

    /// <summary>In the transaction of the row that ends the bucket's log.</summary>
    public static void AddRemoved(NpgsqlBatch batch, long bucket) => AddName(batch, bucket, BucketRow.RemovedName(bucket));

    public static void AddCleared(NpgsqlBatch batch, long bucket)
    {
        AddName(batch, bucket, BucketRow.ClearedName(bucket));
        batch.Add(
            """
            DELETE FROM raftd_buckets WHERE bucket < (SELECT max(bucket) FROM raftd_buckets)
              AND substr(name, 1, length($1)) = $1
            """)
            .WithText(BucketRow.ClearedPrefix);
    }

    private static void AddName(NpgsqlBatch batch, long bucket, string name) =>
        batch.Add("UPDATE raftd_buckets SET name = $2 WHERE bucket = $1").With(bucket).WithText(name);

    private static string StepOf(string table, params string[] key)
    {
        var columns = string.Join(", ", key);
        var isSame = string.Join(" AND ", key.Select(static column => $"kept.{column} = gone.{column}"));
        return $"""
            DELETE FROM {table} AS kept USING (SELECT {columns} FROM {table} WHERE bucket = $1 ORDER BY {columns} LIMIT $2) AS gone
            WHERE kept.bucket = $1 AND {isSame}
            """;
    }
}
