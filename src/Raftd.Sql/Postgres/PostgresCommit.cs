using System.Text;
using Npgsql;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

/// <summary>A batch as the commands of one transaction, the row of the log first: it is refused before anything else is done.</summary>
internal static class PostgresCommit
{
    public const string LogColumns = $"bucket, at_ms, {PostgresRows.LogColumns}";
    public const string Now = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";

    // Two writers behind the same row: the second one waits here until the first has committed, and then finds its number taken. One
    // that is behind, or remembers another history, asks for no number at all, which the column refuses.
    private const string InsertLog =
        $"""
        INSERT INTO raftd_log ({LogColumns})
        SELECT $1, {Now}, CASE WHEN max(seq) = $2 AND max(CASE WHEN seq = $2 THEN chain END) = $3 THEN $4 END,
          $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
        FROM raftd_log WHERE bucket = $1 AND seq >= $2
        """;

    private const string InsertFirst =
        $"INSERT INTO raftd_log ({LogColumns}) VALUES ($1, {Now}, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

    private const string InsertVersions =
        $"""
        INSERT INTO raftd_revisions (bucket, {PostgresRows.VersionColumns}, prev_rev, prev_sub, v)
        SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS given
        """;

    private const string UpsertKeys =
        $"""
        INSERT INTO raftd_keys (bucket, {PostgresRows.KeyColumns}, v)
        SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) AS given
        ON CONFLICT (bucket, k) DO UPDATE SET mod_rev = excluded.mod_rev, mod_sub = excluded.mod_sub,
          create_rev = excluded.create_rev, version = excluded.version, lease = excluded.lease, flags = excluded.flags,
          size = excluded.size, v = excluded.v
        """;

    private const string UpsertLeases =
        $"""
        INSERT INTO raftd_leases (bucket, {PostgresRows.LeaseColumns})
        SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS given
        ON CONFLICT (bucket, id) DO UPDATE SET name = excluded.name, kind = excluded.kind, flags = excluded.flags,
          ttl_s = excluded.ttl_s, generation = excluded.generation, checkpoint_ms = excluded.checkpoint_ms,
          renewed_generation = excluded.renewed_generation, floor_ms = excluded.floor_ms,
          floor_generation = excluded.floor_generation, floor_revision = excluded.floor_revision
        """;

    private const string UpsertLeaseKeys =
        $"""
        INSERT INTO raftd_lease_keys (bucket, {PostgresRows.LeaseKeyColumns})
        SELECT $1, given.* FROM unnest($2, $3, $4, $5, $6, $7) AS given
        ON CONFLICT (bucket, lease, k) DO UPDATE SET own_deadline = excluded.own_deadline, mod_rev = excluded.mod_rev,
          generation = excluded.generation, remaining_ms = excluded.remaining_ms
        """;

    private const string UpsertMeta =
        """
        INSERT INTO raftd_meta (bucket, name, v) SELECT $1, given.* FROM unnest($2, $3) AS given
        ON CONFLICT (bucket, name) DO UPDATE SET v = excluded.v
        """;

    private static readonly string DeleteKeys = PostgresDeletion.OfEach("raftd_keys", "unnest($2) AS gone (k)", "kept.k = gone.k");

    private static readonly string DeleteLeases = PostgresDeletion.OfEach("raftd_leases", "unnest($2) AS gone (id)", "kept.id = gone.id");

    private static readonly string DeleteLeaseKeys = PostgresDeletion.OfEach(
        "raftd_lease_keys", "unnest($2, $3) AS gone (lease, k)", "kept.lease = gone.lease AND kept.k = gone.k");

    /// <summary>The beginning, up to the row of the log.</summary>
    public static void AddBeginning(NpgsqlBatch commands, long bucket, Batch batch)
    {
        commands.Add("BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE");
        AddLog(commands, bucket, batch);
    }

    public static void Add(NpgsqlBatch commands, long bucket, Batch batch)
    {
        AddBeginning(commands, bucket, batch);
        AddVersions(commands, bucket, batch.Versions);
        AddKeys(commands, bucket, batch.Keys);
        AddLeases(commands, bucket, batch.Leases);
        AddLeaseKeys(commands, bucket, batch.LeaseKeys);
        AddMeta(commands, bucket, batch.Meta);
        if (batch.Row.IsEnd)
        {
            PostgresBuckets.AddRemoved(commands, bucket);
        }

        commands.Add("COMMIT");
    }

    /// <summary>The row with which a log begins.</summary>
    public static void AddFirst(NpgsqlBatch commands, long bucket, LogRow row) =>
        AddColumns(commands.Add(InsertFirst).With(bucket), row);

    private static void AddLog(NpgsqlBatch commands, long bucket, Batch batch)
    {
        Invariant.Check(batch.Row.Seq == batch.Before.Seq + 1, $"row {batch.Row.Seq} is not behind row {batch.Before.Seq}");
        AddColumns(commands.Add(InsertLog).With(bucket).With(batch.Before.Seq).With(batch.Before.Chain), batch.Row);
    }

    public static void AddColumns(NpgsqlBatchCommand command, LogRow row) => command
        .With(row.Seq)
        .With(row.Epoch)
        .With(row.Leader)
        .With(row.Front)
        .With(row.Nonce)
        .With(row.Revision)
        .With(row.CompactRevision)
        .With(row.KeyCount)
        .With(row.LogicalBytes)
        .With(row.HistoryBytes)
        .With(row.Chain)
        .With(row.Deltas);

    private static void AddVersions(NpgsqlBatch commands, long bucket, IReadOnlyList<NewVersion> versions)
    {
        if (versions.Count == 0)
        {
            return;
        }

        commands.Add(InsertVersions)
            .With(bucket)
            .WithNumbers(versions, static version => version.Record.Revision.Main)
            .WithNumbers(versions, static version => version.Record.Revision.Sub)
            .WithBytes(versions, static version => version.Record.Key)
            .WithNumbers(versions, static version => version.Record.CreateRevision)
            .WithNumbers(versions, static version => version.Record.Version)
            .WithNumbers(versions, static version => version.Record.Lease)
            .WithNumbers(versions, static version => (long)version.Record.Flags)
            .WithNumbers(versions, static version => version.Record.ValueBytes)
            .WithNumbers(versions, static version => version.Before?.Main ?? 0)
            .WithNumbers(versions, static version => version.Before?.Sub ?? 0)
            .WithBytes(versions, static version => version.Record.IsTombstone ? null : version.Record.Value);
    }

    private static void AddKeys(NpgsqlBatch commands, long bucket, IReadOnlyList<KeyChange> keys)
    {
        var live = keys.Where(static change => change.Row is not null).Select(static change => change.Row!).ToList();
        if (live.Count > 0)
        {
            commands.Add(UpsertKeys)
                .With(bucket)
                .WithBytes(live, static row => row.Key)
                .WithNumbers(live, static row => row.Revision.Main)
                .WithNumbers(live, static row => row.Revision.Sub)
                .WithNumbers(live, static row => row.CreateRevision)
                .WithNumbers(live, static row => row.Version)
                .WithNumbers(live, static row => row.Lease)
                .WithNumbers(live, static row => (long)row.Flags)
                .WithNumbers(live, static row => row.ValueBytes)
                .WithBytes(live, static row => row.ValueBytes <= KeyRow.MaxInlineBytes ? row.Value : null);
        }

        var gone = keys.Where(static change => change.Row is null).ToList();
        if (gone.Count > 0)
        {
            commands.Add(DeleteKeys).With(bucket).WithBytes(gone, static change => change.Key);
        }
    }

    private static void AddLeases(NpgsqlBatch commands, long bucket, IReadOnlyList<LeaseRowChange> leases)
    {
        var kept = leases.Where(static change => change.Lease is not null).Select(static change => change.Lease!).ToList();
        if (kept.Count > 0)
        {
            commands.Add(UpsertLeases)
                .With(bucket)
                .WithNumbers(kept, static lease => lease.Id)
                .WithBytes(kept, static lease => lease.Name)
                .WithNumbers(kept, static lease => (long)lease.Kind)
                .WithNumbers(kept, LeaseFlags.Of)
                .WithNumbers(kept, static lease => lease.TtlSeconds)
                .WithNumbers(kept, static lease => lease.Generation)
                .WithNumbers(kept, static lease => lease.CheckpointMilliseconds)
                .WithNumbers(kept, static lease => lease.RenewedGeneration)
                .WithNumbersOrNull(kept, static lease => lease.Floor?.RemainingMilliseconds)
                .WithNumbersOrNull(kept, static lease => lease.Floor?.Generation)
                .WithNumbersOrNull(kept, static lease => lease.Floor?.Revision);
        }

        var gone = leases.Where(static change => change.Lease is null).ToList();
        if (gone.Count > 0)
        {
            commands.Add(DeleteLeases).With(bucket).WithNumbers(gone, static change => change.Id);
        }
    }

    private static void AddLeaseKeys(NpgsqlBatch commands, long bucket, IReadOnlyList<LeaseKeyRowChange> keys)
    {
        var kept = keys.Where(static change => change.Record is not null).ToList();
        if (kept.Count > 0)
        {
            commands.Add(UpsertLeaseKeys)
                .With(bucket)
                .WithNumbers(kept, static change => change.Lease)
                .WithBytes(kept, static change => change.Key)
                .WithFlags(kept, static change => change.Record!.OwnDeadline)
                .WithNumbers(kept, static change => change.Record!.ModRevision)
                .WithNumbers(kept, static change => change.Record!.Generation)
                .WithNumbers(kept, static change => change.Record!.RemainingMilliseconds);
        }

        var gone = keys.Where(static change => change.Record is null).ToList();
        if (gone.Count > 0)
        {
            commands.Add(DeleteLeaseKeys)
                .With(bucket)
                .WithNumbers(gone, static change => change.Lease)
                .WithBytes(gone, static change => change.Key);
        }
    }

    private static void AddMeta(NpgsqlBatch commands, long bucket, IReadOnlyList<MetaChange> meta)
    {
        if (meta.Count > 0)
        {
            commands.Add(UpsertMeta)
                .With(bucket)
                .WithBytes(meta, static change => Encoding.UTF8.GetBytes(change.Name))
                .WithBytes(meta, static change => change.Value);
        }
    }
}
