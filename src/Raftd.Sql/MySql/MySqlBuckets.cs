// The table of buckets: how they are listed, made, and deleted once they were removed.
//
// A number is given once. The next one is above all rows, and the row with the highest number stays, cleared, until a higher one is
// there: so it is remembered without a counter. Who adds says which number it means; if it is not the highest any more, nothing is
// inserted.

using System.Data.Common;
using Raftd.Sql.Database;

namespace Raftd.Sql.MySql;

internal static class MySqlBuckets
{
    /// <summary>Tables with their keys. The log last, and from its beginning: its end keeps out those that still hold the bucket.</summary>
    public static readonly IReadOnlyList<(Sql Table, Sql Key)> ToClear =
    [
        (new("raftd_keys"), new("k")), (new("raftd_chunks"), new("rev, sub, part")), (new("raftd_revisions"), new("rev, sub")),
        (new("raftd_lease_keys"), new("lease, k")), (new("raftd_leases"), new("id")), (new("raftd_meta"), new("name")),
        (new("raftd_log"), new("seq")),
    ];

    public static void AddList(MySqlScript script) => script.Add(
        $"""
        SELECT b.bucket, b.name, b.cluster_id, b.swept_rev, b.swept_bytes, last.seq, last.leader, last.rev, last.key_count
        FROM raftd_buckets AS b LEFT JOIN raftd_log AS last
          ON last.bucket = b.bucket AND last.seq = (SELECT MAX(seq) FROM raftd_log AS l WHERE l.bucket = b.bucket)
        ORDER BY b.bucket
        """);

    public static BucketRow Read(DbDataReader row)
    {
        var (id, name, clusterId) = (row.GetInt64(0), MySqlRows.TextAt(row, 1), MySqlRows.UnsignedAt(row, 2));
        var swept = new Swept(row.GetInt64(3), row.GetInt64(4));
        return row.IsDBNull(5)
            ? new BucketRow(id, name, clusterId, swept, Seq: 0, Leader: 0, Revision: 0, KeyCount: 0)
            : new BucketRow(id, name, clusterId, swept, row.GetInt64(5), MySqlRows.UnsignedAt(row, 6), row.GetInt64(7), row.GetInt64(8));
    }

    /// <summary>Its one result counts the row that it has made.</summary>
    public static void AddNew(MySqlScript script, BucketRow bucket, LogRow first)
    {
        script.Add($"START TRANSACTION");
        script.Write($"INSERT INTO raftd_buckets (bucket, name, cluster_id, format, swept_rev, swept_bytes) ");
        script.Write($"SELECT {bucket.Id}, {MySqlRows.BytesOf(bucket.Name)}, {bucket.ClusterId}, {TableFormat.Current}, {first.Revision}, 0 ");
        script.Write($"FROM (SELECT MAX(bucket) AS top FROM raftd_buckets) AS there WHERE {bucket.Id} > there.top ");
        script.Add($"ON DUPLICATE KEY UPDATE bucket = raftd_buckets.bucket");

        // Only where the row above is this transaction's own: the number would be another bucket's.
        MySqlCommit.AddFirst(script, bucket, first);
        script.Add($"COMMIT");
        script.Add($"SELECT COUNT(*) FROM raftd_buckets WHERE bucket = {bucket.Id} AND cluster_id = {bucket.ClusterId}");
    }

    /// <summary>In the transaction of the row that ends the bucket's log.</summary>
    public static void AddRemoved(MySqlScript script, long bucket) => AddName(script, bucket, BucketRow.RemovedName(bucket));

    /// <summary>A step. Its one result is how many rows it has deleted.</summary>
    public static void AddClearing(MySqlScript script, (Sql Table, Sql Key) from, long bucket, int max)
    {
        script.Add($"DELETE FROM {from.Table} WHERE bucket = {bucket} ORDER BY bucket, {from.Key} LIMIT {max}");
        script.Add($"SELECT ROW_COUNT()");
    }

    public static void AddCleared(MySqlScript script, long bucket)
    {
        AddName(script, bucket, BucketRow.ClearedName(bucket));
        script.Add(
            $"""
            DELETE FROM raftd_buckets WHERE LEFT(name, {BucketRow.ClearedPrefix.Length}) = {MySqlRows.BytesOf(BucketRow.ClearedPrefix)}
              AND bucket < (SELECT top FROM (SELECT MAX(bucket) AS top FROM raftd_buckets) AS there)
            """);
    }

    private static void AddName(MySqlScript script, long bucket, string name) =>
        script.Add($"UPDATE raftd_buckets SET name = {MySqlRows.BytesOf(name)} WHERE bucket = {bucket}");
}
