using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.MySql;

/// <summary>A batch as the statements of one transaction, the row of the log first: it is refused before anything else is done.</summary>
internal static class MySqlCommit
{
    /// <summary>A longer value lies in pieces of this length: one entry of TiDB has 6 MiB at the most, and a packet is bounded.</summary>
    public const int PieceBytes = 512 << 10;

    private static readonly Sql Now = new("ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000)");

    /// <summary>The beginning, up to the row of the log. Its one result tells that the row was taken: an error before it is that row's.
    /// </summary>
    public static void AddBeginning(MySqlScript script, long bucket, Batch batch)
    {
        script.Add($"START TRANSACTION");
        AddLog(script, bucket, batch);
        script.Add($"SELECT 1");
    }

    /// <summary>All of it. Its one result is that of the beginning.</summary>
    public static void Add(MySqlScript script, long bucket, Batch batch)
    {
        AddBeginning(script, bucket, batch);
        AddVersions(script, bucket, batch.Versions);
        AddKeys(script, bucket, batch.Keys);
        AddLeases(script, bucket, batch.Leases);
        AddLeaseKeys(script, bucket, batch.LeaseKeys);
        AddMeta(script, bucket, batch.Meta);
        if (batch.Row.IsEnd)
        {
            MySqlBuckets.AddRemoved(script, bucket);
        }

        script.Add($"COMMIT");
    }

    /// <summary>The row with which a log begins, where the bucket is there.</summary>
    public static void AddFirst(MySqlScript script, BucketRow bucket, LogRow row)
    {
        script.Write($"INSERT INTO raftd_log (bucket, at_ms, {MySqlRows.LogColumns}) SELECT bucket, {Now}, {row.Seq}, ");
        WriteColumns(script, row);
        script.Add($" FROM raftd_buckets WHERE bucket = {bucket.Id} AND cluster_id = {bucket.ClusterId}");
    }

    /// <remarks>
    /// Two writers behind the same row: the second one waits here until the first has committed, and then finds its number taken. One
    /// that is behind, or remembers another history, asks for no number at all, which the column refuses.
    /// </remarks>
    private static void AddLog(MySqlScript script, long bucket, Batch batch)
    {
        var (before, row) = (batch.Before, batch.Row);
        Invariant.Check(row.Seq == before.Seq + 1, $"row {row.Seq} is not behind row {before.Seq}");
        script.Write($"INSERT INTO raftd_log (bucket, at_ms, {MySqlRows.LogColumns}) SELECT {bucket}, {Now}, ");
        script.Write($"CASE WHEN MAX(seq) = {before.Seq} AND MAX(CASE WHEN seq = {before.Seq} THEN chain END) = {before.Chain} ");
        script.Write($"THEN {row.Seq} END, ");
        WriteColumns(script, row);
        script.Add($" FROM raftd_log WHERE bucket = {bucket} AND seq >= {before.Seq}");
    }

    /// <summary>Those behind seq.</summary>
    private static void WriteColumns(MySqlScript script, LogRow row)
    {
        script.Write($"{row.Epoch}, {row.Leader}, {row.Front}, {row.Nonce}, {row.Revision}, {row.CompactRevision}, {row.KeyCount}, ");
        script.Write($"{row.LogicalBytes}, {row.HistoryBytes}, {row.Chain}, {row.Deltas}");
    }

    private static void AddVersions(MySqlScript script, long bucket, IReadOnlyList<NewVersion> versions)
    {
        script.AddRows(
            versions,
            static text => text.Write(
                $"INSERT INTO raftd_revisions (bucket, {MySqlRows.VersionColumns}, prev_rev, prev_sub, v) VALUES "),
            (text, version) =>
            {
                var (record, before) = (version.Record, version.Before ?? default);
                text.Write($"({bucket}, {record.Revision.Main}, {record.Revision.Sub}, {record.Key}, {record.CreateRevision}, ");
                text.Write($"{record.Version}, {record.Lease}, {(long)record.Flags}, {record.ValueBytes}, ");
                text.Write($"{before.Main}, {before.Sub}, {(IsInRow(record) ? record.Value : null)})");
            },
            static _ => { });
        script.AddRows(
            [.. versions.Where(static version => version.Record.ValueBytes > PieceBytes).SelectMany(static version => PiecesOf(version.Record))],
            static text => text.Write($"INSERT INTO raftd_chunks (bucket, rev, sub, part, v) VALUES "),
            (text, piece) => text.Write($"({bucket}, {piece.Of.Main}, {piece.Of.Sub}, {piece.Part}, {piece.Bytes})"),
            static _ => { });
    }

    private static bool IsInRow(RevisionRecord record) => !record.IsTombstone && record.ValueBytes <= PieceBytes;

    private static IEnumerable<(Revision Of, long Part, ReadOnlyMemory<byte> Bytes)> PiecesOf(RevisionRecord record)
    {
        for (var at = 0; at < record.Value.Length; at += PieceBytes)
        {
            yield return (record.Revision, at / PieceBytes, record.Value.AsMemory(at, Math.Min(PieceBytes, record.Value.Length - at)));
        }
    }

    private static void AddKeys(MySqlScript script, long bucket, IReadOnlyList<KeyChange> keys)
    {
        script.AddRows(
            [.. keys.Where(static change => change.Row is not null).Select(static change => change.Row!)],
            static text => text.Write($"INSERT INTO raftd_keys (bucket, {MySqlRows.KeyColumns}, v) VALUES "),
            (text, row) =>
            {
                text.Write($"({bucket}, {row.Key}, {row.Revision.Main}, {row.Revision.Sub}, {row.CreateRevision}, {row.Version}, ");
                text.Write($"{row.Lease}, {(long)row.Flags}, {row.ValueBytes}, ");
                text.Write($"{(row.ValueBytes <= KeyRow.MaxInlineBytes ? row.Value : null)})");
            },
            static text =>
            {
                text.Write($" ON DUPLICATE KEY UPDATE mod_rev = VALUES(mod_rev), mod_sub = VALUES(mod_sub), ");
                text.Write($"create_rev = VALUES(create_rev), version = VALUES(version), lease = VALUES(lease), flags = VALUES(flags), ");
                text.Write($"size = VALUES(size), v = VALUES(v)");
            });
        script.AddRows(
            [.. keys.Where(static change => change.Row is null)],
            text => text.Write($"DELETE FROM raftd_keys WHERE bucket = {bucket} AND k IN ("),
            static (text, change) => text.Write($"{change.Key}"),
            static text => text.Write($")"));
    }

    private static void AddLeases(MySqlScript script, long bucket, IReadOnlyList<LeaseRowChange> leases)
    {
        script.AddRows(
            [.. leases.Where(static change => change.Lease is not null).Select(static change => change.Lease!)],
            static text => text.Write($"INSERT INTO raftd_leases (bucket, {MySqlRows.LeaseColumns}) VALUES "),
            (text, lease) =>
            {
                text.Write($"({bucket}, {lease.Id}, {lease.Name}, {(long)lease.Kind}, {LeaseFlags.Of(lease)}, {lease.TtlSeconds}, ");
                text.Write($"{lease.Generation}, {lease.CheckpointMilliseconds}, {lease.RenewedGeneration}, ");
                text.Write($"{lease.Floor?.RemainingMilliseconds}, {lease.Floor?.Generation}, {lease.Floor?.Revision})");
            },
            static text =>
            {
                text.Write($" ON DUPLICATE KEY UPDATE name = VALUES(name), kind = VALUES(kind), flags = VALUES(flags), ");
                text.Write($"ttl_s = VALUES(ttl_s), generation = VALUES(generation), checkpoint_ms = VALUES(checkpoint_ms), ");
                text.Write($"renewed_generation = VALUES(renewed_generation), floor_ms = VALUES(floor_ms), ");
                text.Write($"floor_generation = VALUES(floor_generation), floor_revision = VALUES(floor_revision)");
            });
        script.AddRows(
            [.. leases.Where(static change => change.Lease is null)],
            text => text.Write($"DELETE FROM raftd_leases WHERE bucket = {bucket} AND id IN ("),
            static (text, change) => text.Write($"{change.Id}"),
            static text => text.Write($")"));
    }

    private static void AddLeaseKeys(MySqlScript script, long bucket, IReadOnlyList<LeaseKeyRowChange> keys)
    {
        script.AddRows(
            [.. keys.Where(static change => change.Record is not null)],
            static text => text.Write($"INSERT INTO raftd_lease_keys (bucket, {MySqlRows.LeaseKeyColumns}) VALUES "),
            (text, change) =>
            {
                var record = change.Record!;
                text.Write($"({bucket}, {change.Lease}, {change.Key}, {(record.OwnDeadline ? 1L : 0L)}, {record.ModRevision}, ");
                text.Write($"{record.Generation}, {record.RemainingMilliseconds})");
            },
            static text =>
            {
                text.Write($" ON DUPLICATE KEY UPDATE own_deadline = VALUES(own_deadline), mod_rev = VALUES(mod_rev), ");
                text.Write($"generation = VALUES(generation), remaining_ms = VALUES(remaining_ms)");
            });
        script.AddRows(
            [.. keys.Where(static change => change.Record is null)],
            text => text.Write($"DELETE FROM raftd_lease_keys WHERE bucket = {bucket} AND (lease, k) IN ("),
            static (text, change) => text.Write($"({change.Lease}, {change.Key})"),
            static text => text.Write($")"));
    }

    private static void AddMeta(MySqlScript script, long bucket, IReadOnlyList<MetaChange> meta) => script.AddRows(
        meta,
        static text => text.Write($"INSERT INTO raftd_meta (bucket, name, v) VALUES "),
        (text, change) => text.Write($"({bucket}, {MySqlRows.BytesOf(change.Name)}, {change.Value})"),
        static text => text.Write($" ON DUPLICATE KEY UPDATE v = VALUES(v)"));
}
