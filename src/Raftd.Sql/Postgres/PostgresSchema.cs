using System.Globalization;
using Npgsql;
using Raftd.Contract;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

/// <summary>The tables, and how they come to be.</summary>
internal static class PostgresSchema
{
    public const string Log = "raftd_log";

    // Fronts that start at once make the tables one after the other. Any number, as long as nothing else in the database uses it.
    private const long LockKey = 0x7261667464;

    // Making the tables, and waiting for another front that makes them, may take longer than a call.
    private const int LimitSeconds = 60;

    private static readonly string[] Tables =
    [
        "raftd_buckets", Log, "raftd_revisions", "raftd_keys", "raftd_leases", "raftd_lease_keys", "raftd_meta", "raftd_fronts",
    ];

    /// <summary>What makes the tables in an empty database; for an operator whose front may not make tables, too.</summary>
    /// <remarks>
    /// Bytes are BYTEA throughout, names too: text compares by a collation, and holds neither zeros nor what the database's encoding
    /// lacks. What is unsigned is stored as the BIGINT of the same bits. prev_rev is 0 where a version replaces none; v of a version
    /// is NULL for a deletion, v of a key for a value that stands in raftd_revisions only.
    /// An overwrite of a key stays in its page (fillfactor), and large values are not compressed, which costs more than it saves.
    /// </remarks>
    public const string Ddl =
        """
        CREATE TABLE raftd_buckets (
          bucket BIGINT NOT NULL, name BYTEA NOT NULL UNIQUE, cluster_id BIGINT NOT NULL, format BIGINT NOT NULL,
          swept_rev BIGINT NOT NULL, swept_bytes BIGINT NOT NULL,
          PRIMARY KEY (bucket));

        CREATE TABLE raftd_log (
          bucket BIGINT NOT NULL, seq BIGINT NOT NULL, epoch BIGINT NOT NULL, leader BIGINT NOT NULL, front BIGINT NOT NULL,
          nonce BIGINT NOT NULL, rev BIGINT NOT NULL, compact_rev BIGINT NOT NULL, key_count BIGINT NOT NULL,
          logical_bytes BIGINT NOT NULL, history_bytes BIGINT NOT NULL, chain BIGINT NOT NULL, at_ms BIGINT NOT NULL, deltas BYTEA,
          PRIMARY KEY (bucket, seq));

        CREATE TABLE raftd_revisions (
          bucket BIGINT NOT NULL, rev BIGINT NOT NULL, sub BIGINT NOT NULL, k BYTEA NOT NULL, create_rev BIGINT NOT NULL,
          version BIGINT NOT NULL, lease BIGINT NOT NULL, flags BIGINT NOT NULL, prev_rev BIGINT NOT NULL,
          prev_sub BIGINT NOT NULL, size BIGINT NOT NULL, v BYTEA,
          PRIMARY KEY (bucket, rev, sub));
        CREATE INDEX raftd_revisions_of_keys ON raftd_revisions (bucket, k, rev, sub);
        ALTER TABLE raftd_revisions ALTER COLUMN v SET STORAGE EXTERNAL;

        CREATE TABLE raftd_keys (
          bucket BIGINT NOT NULL, k BYTEA NOT NULL, mod_rev BIGINT NOT NULL, mod_sub BIGINT NOT NULL, create_rev BIGINT NOT NULL,
          version BIGINT NOT NULL, lease BIGINT NOT NULL, flags BIGINT NOT NULL, size BIGINT NOT NULL, v BYTEA,
          PRIMARY KEY (bucket, k)) WITH (fillfactor = 80);
        ALTER TABLE raftd_keys ALTER COLUMN v SET STORAGE EXTERNAL;

        CREATE TABLE raftd_leases (
          bucket BIGINT NOT NULL, id BIGINT NOT NULL, name BYTEA NOT NULL, kind BIGINT NOT NULL, flags BIGINT NOT NULL,
          ttl_s BIGINT NOT NULL, generation BIGINT NOT NULL, checkpoint_ms BIGINT NOT NULL, renewed_generation BIGINT NOT NULL,
          floor_ms BIGINT, floor_generation BIGINT, floor_revision BIGINT,
          PRIMARY KEY (bucket, id));
        CREATE INDEX raftd_leases_of_names ON raftd_leases (bucket, name);

        CREATE TABLE raftd_lease_keys (
          bucket BIGINT NOT NULL, lease BIGINT NOT NULL, k BYTEA NOT NULL, own_deadline BOOLEAN NOT NULL, mod_rev BIGINT NOT NULL,
          generation BIGINT NOT NULL, remaining_ms BIGINT NOT NULL,
          PRIMARY KEY (bucket, lease, k));

        CREATE TABLE raftd_meta (
          bucket BIGINT NOT NULL, name BYTEA NOT NULL, v BYTEA NOT NULL,
          PRIMARY KEY (bucket, name));

        CREATE TABLE raftd_fronts (
          id BIGINT NOT NULL, label BYTEA NOT NULL, http_addr BYTEA NOT NULL, peer_addr BYTEA NOT NULL, version BYTEA NOT NULL,
          beat BIGINT NOT NULL,
          PRIMARY KEY (id));

        """;

    /// <summary>Makes the tables where there are none, and in them the default bucket with the first row of its log.</summary>
    /// <returns>Its cluster id.</returns>
    /// <exception cref="DatabaseException">Wrong: what is there is not what this build can use.</exception>
    public static ulong Prepare(NpgsqlConnection connection, SqlTarget target)
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, $"SET LOCAL statement_timeout = '{LimitSeconds.ToString(CultureInfo.InvariantCulture)}s'");
        Execute(connection, $"SELECT pg_advisory_xact_lock({LockKey.ToString(CultureInfo.InvariantCulture)})");
        MakeTables(connection, target);
        var clusterId = MakeDefaultBucket(connection, target);
        transaction.Commit();
        return clusterId;
    }

    private static void MakeTables(NpgsqlConnection connection, SqlTarget target)
    {
        var missing = MissingTables(connection);
        if (missing.Count == Tables.Length)
        {
            Execute(connection, Ddl);
            return;
        }

        if (missing.Count > 0)
        {
            throw TableFormat.SomeAreGone(target, missing);
        }
    }

    private static List<string> MissingTables(NpgsqlConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NULL";
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Tables });
        using var reader = command.ExecuteReader();
        return PostgresRows.All(reader, static row => row.GetString(0));
    }

    private static ulong MakeDefaultBucket(NpgsqlConnection connection, SqlTarget target)
    {
        if (FindDefaultBucket(connection) is var (format, clusterId))
        {
            return format == TableFormat.Current ? clusterId : throw TableFormat.Refusal(target, format);
        }

        var drawn = ClusterIds.Draw();
        using var batch = new NpgsqlBatch(connection);
        batch.Add("INSERT INTO raftd_buckets (bucket, name, cluster_id, format, swept_rev, swept_bytes) VALUES ($1, $2, $3, $4, $5, 0)")
            .With(BucketRow.DefaultId).WithText(BucketNames.Default).With(drawn).With(TableFormat.Current).With(LogRow.First.Revision);
        PostgresCommit.AddFirst(batch, BucketRow.DefaultId, LogRow.First);
        batch.ExecuteNonQuery();
        return drawn;
    }

    private static (long Format, ulong ClusterId)? FindDefaultBucket(NpgsqlConnection connection)
    {
        using var batch = new NpgsqlBatch(connection);
        batch.Add("SELECT format, cluster_id FROM raftd_buckets WHERE bucket = $1").With(BucketRow.DefaultId);
        using var reader = batch.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), PostgresRows.UnsignedAt(reader, 1)) : null;
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = LimitSeconds };
        command.ExecuteNonQuery();
    }
}
