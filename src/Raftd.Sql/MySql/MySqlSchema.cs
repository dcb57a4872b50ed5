using System.Data.Common;
using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.MySql;

/// <summary>The tables, and how they come to be.</summary>
internal static class MySqlSchema
{
    // Fronts that start at once make the tables one after the other. The lock is the server's, whatever the database.
    private const string LockName = "raftd tables";

    // Making the tables, and waiting for another front that makes them, may take longer than a call: in place of the server's limit.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly Sql NoLimit = new("SET SESSION autocommit = 1 /*M!100101 , max_statement_time = 0 */ /*!50708 , max_execution_time = 0 */");

    private static readonly string[] Tables =
    [
        "raftd_buckets", "raftd_log", "raftd_revisions", "raftd_keys", "raftd_chunks", "raftd_leases", "raftd_lease_keys", "raftd_meta",
        "raftd_fronts",
    ];

    /// <summary>What makes the tables in an empty database; for an operator whose front may not make tables, too.</summary>
    /// <remarks>
    /// Bytes are VARBINARY and LONGBLOB throughout, names too: text compares by a collation. What is unsigned is stored as the BIGINT of
    /// the same bits. prev_rev is 0 where a version replaces none; v of a version is NULL for a deletion, and for a value that lies in
    /// raftd_chunks; v of a key is NULL for a value that stands in raftd_revisions only. An index holds 3 072 bytes.
    /// MySQL cannot undo the making of a table, so each statement may be run again.
    /// </remarks>
    public const string Ddl =
        """
        CREATE TABLE IF NOT EXISTS raftd_buckets (
          bucket BIGINT NOT NULL, name VARBINARY(255) NOT NULL, cluster_id BIGINT NOT NULL, format BIGINT NOT NULL,
          swept_rev BIGINT NOT NULL, swept_bytes BIGINT NOT NULL,
          PRIMARY KEY (bucket) /*T![clustered_index] CLUSTERED */, UNIQUE KEY raftd_buckets_of_names (name))
          ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_log (
          bucket BIGINT NOT NULL, seq BIGINT NOT NULL, epoch BIGINT NOT NULL, leader BIGINT NOT NULL, front BIGINT NOT NULL,
          nonce BIGINT NOT NULL, rev BIGINT NOT NULL, compact_rev BIGINT NOT NULL, key_count BIGINT NOT NULL,
          logical_bytes BIGINT NOT NULL, history_bytes BIGINT NOT NULL, chain BIGINT NOT NULL, at_ms BIGINT NOT NULL,
          deltas LONGBLOB,
          PRIMARY KEY (bucket, seq) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_revisions (
          bucket BIGINT NOT NULL, rev BIGINT NOT NULL, sub BIGINT NOT NULL, k VARBINARY(2048) NOT NULL, create_rev BIGINT NOT NULL,
          version BIGINT NOT NULL, lease BIGINT NOT NULL, flags BIGINT NOT NULL, prev_rev BIGINT NOT NULL,
          prev_sub BIGINT NOT NULL, size BIGINT NOT NULL, v LONGBLOB,
          PRIMARY KEY (bucket, rev, sub) /*T![clustered_index] CLUSTERED */,
          KEY raftd_revisions_of_keys (bucket, k, rev, sub)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_keys (
          bucket BIGINT NOT NULL, k VARBINARY(2048) NOT NULL, mod_rev BIGINT NOT NULL, mod_sub BIGINT NOT NULL,
          create_rev BIGINT NOT NULL, version BIGINT NOT NULL, lease BIGINT NOT NULL, flags BIGINT NOT NULL, size BIGINT NOT NULL,
          v LONGBLOB,
          PRIMARY KEY (bucket, k) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_chunks (
          bucket BIGINT NOT NULL, rev BIGINT NOT NULL, sub BIGINT NOT NULL, part BIGINT NOT NULL, v LONGBLOB NOT NULL,
          PRIMARY KEY (bucket, rev, sub, part) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_leases (
          bucket BIGINT NOT NULL, id BIGINT NOT NULL, name VARBINARY(1024) NOT NULL, kind BIGINT NOT NULL, flags BIGINT NOT NULL,
          ttl_s BIGINT NOT NULL, generation BIGINT NOT NULL, checkpoint_ms BIGINT NOT NULL, renewed_generation BIGINT NOT NULL,
          floor_ms BIGINT, floor_generation BIGINT, floor_revision BIGINT,
          PRIMARY KEY (bucket, id) /*T![clustered_index] CLUSTERED */,
          KEY raftd_leases_of_names (bucket, name)) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_lease_keys (
          bucket BIGINT NOT NULL, lease BIGINT NOT NULL, k VARBINARY(2048) NOT NULL, own_deadline BIGINT NOT NULL,
          mod_rev BIGINT NOT NULL, generation BIGINT NOT NULL, remaining_ms BIGINT NOT NULL,
          PRIMARY KEY (bucket, lease, k) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_meta (
          bucket BIGINT NOT NULL, name VARBINARY(255) NOT NULL, v LONGBLOB NOT NULL,
          PRIMARY KEY (bucket, name) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        CREATE TABLE IF NOT EXISTS raftd_fronts (
          id BIGINT NOT NULL, label VARBINARY(1024) NOT NULL, http_addr VARBINARY(1024) NOT NULL, peer_addr VARBINARY(1024) NOT NULL,
          version VARBINARY(255) NOT NULL, beat BIGINT NOT NULL,
          PRIMARY KEY (id) /*T![clustered_index] CLUSTERED */) ENGINE=InnoDB ROW_FORMAT=DYNAMIC;

        """;

    /// <summary>Makes the tables where there are none, and in them the bucket with the first row of its log.</summary>
    /// <param name="link">Not for other use: its statements have no limit, and where this fails it may hold the lock.</param>
    /// <param name="target">For the text.</param>
    /// <returns>The bucket's cluster id.</returns>
    /// <exception cref="DatabaseException">Wrong: what is there is not what this build can use.</exception>
    public static ulong Prepare(MySqlLink link, SqlTarget target)
    {
        var name = MySqlRows.BytesOf(LockName);
        Read(link, static script => script.Add($"{NoLimit}"), static _ => true);
        var hasLock = Read(link, script => script.Add($"SELECT GET_LOCK({name}, {(long)Limit.TotalSeconds})"), static row => row.GetInt64(0));
        if (hasLock[0] != 1)
        {
            throw new DatabaseException(DatabaseFault.Away, $"{target}: another front has been making the tables for {Limit.TotalSeconds:0} s");
        }

        MakeTables(link, target);
        RequireInnoDb(link, target);
        var clusterId = MakeDefaultBucket(link, target);
        Read(link, script => script.Add($"SELECT RELEASE_LOCK({name})"), static _ => true);
        return clusterId;
    }

    private static void MakeTables(MySqlLink link, SqlTarget target)
    {
        var found = Read(
            link,
            script => script.Add(
                $"SELECT CAST(table_name AS BINARY) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name LIKE 'raftd\\_%'"),
            static row => MySqlRows.TextAt(row, 0));
        var missing = Tables.Except(found, StringComparer.Ordinal).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        // A front that ended while it made them has left empty ones.
        if (Tables.Intersect(found, StringComparer.Ordinal).Any(table => HasRows(link, table)))
        {
            throw TableFormat.SomeAreGone(target, missing);
        }

        link.Run(Ddl, Limit, static _ => { });
    }

    private static bool HasRows(MySqlLink link, string table) =>
        Read(link, script => script.Add($"SELECT 1 FROM {new Sql(table)} LIMIT 1"), static _ => true).Count > 0;

    /// <summary>What was made by hand, or under settings of the server, may have come to be in an engine without transactions.</summary>
    private static void RequireInnoDb(MySqlLink link, SqlTarget target)
    {
        var others = Read(
            link,
            script => script.Add(
                $"""
                SELECT CAST(table_name AS BINARY) FROM information_schema.tables
                WHERE table_schema = DATABASE() AND table_name LIKE 'raftd\\_%' AND engine <> 'InnoDB'
                """),
            static row => $"ALTER TABLE {MySqlRows.TextAt(row, 0)} ENGINE=InnoDB;");
        if (others.Count > 0)
        {
            throw new DatabaseException(
                DatabaseFault.Wrong, $"{target} has tables without transactions: {string.Join(' ', others)}");
        }
    }

    private static ulong MakeDefaultBucket(MySqlLink link, SqlTarget target)
    {
        var found = Read(
            link,
            script => script.Add($"SELECT format, cluster_id FROM raftd_buckets WHERE bucket = {BucketRow.DefaultId}"),
            static row => (Format: row.GetInt64(0), ClusterId: MySqlRows.UnsignedAt(row, 1)));
        if (found is [var (format, clusterId)])
        {
            return format == TableFormat.Current ? clusterId : throw TableFormat.Refusal(target, format);
        }

        var bucket = new BucketRow(
            BucketRow.DefaultId, BucketNames.Default, ClusterIds.Draw(), default, Seq: 0, Leader: 0, Revision: 0, KeyCount: 0);
        Read(
            link,
            script =>
            {
                script.Add($"START TRANSACTION");
                script.Write($"INSERT INTO raftd_buckets (bucket, name, cluster_id, format, swept_rev, swept_bytes) VALUES ({bucket.Id}, ");
                script.Add($"{MySqlRows.BytesOf(bucket.Name)}, {bucket.ClusterId}, {TableFormat.Current}, {LogRow.First.Revision}, 0)");
                MySqlCommit.AddFirst(script, bucket, LogRow.First);
                script.Add($"COMMIT");
            },
            static _ => true);
        return bucket.ClusterId;
    }

    private static List<T> Read<T>(MySqlLink link, Action<MySqlScript> fill, Func<DbDataReader, T> of)
    {
        var script = new MySqlScript();
        fill(script);
        var rows = new List<T>();
        link.Run(script.Packets()[0], Limit, reader => MySqlRows.AddAll(reader, of, rows));
        return rows;
    }
}
