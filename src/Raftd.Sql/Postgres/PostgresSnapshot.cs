using Npgsql;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Postgres;

/// <summary>One transaction of repeatable reads. Its moment is that of the first statement, which reads the last row of the log.</summary>
internal sealed class PostgresSnapshot : ISnapshot
{
    // Changes are read in steps of so many: how many of them are asked for is a number of bytes.
    private const int ChangesOfOneStep = 1024;

    private readonly PostgresSession _session;
    private readonly Dictionary<byte[], KeyRow?> _found = new(BytesComparer.Instance);

    /// <param name="session">In whose transaction it reads.</param>
    /// <param name="reader">Of <see cref="AddFirstReads"/>.</param>
    /// <param name="keys">As they were asked for.</param>
    public PostgresSnapshot(PostgresSession session, NpgsqlDataReader reader, IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        _session = session;
        Last = reader.Read()
            ? PostgresRows.Log(reader)
            : throw new DatabaseException(DatabaseFault.Wrong, $"the log of bucket {session.Bucket} has no rows: its tables were not made by raftd, or were emptied");
        foreach (var key in keys)
        {
            _found[key.ToArray()] = null;
        }

        if (keys.Count > 0 && reader.NextResult())
        {
            foreach (var row in PostgresRows.All(reader, PostgresRows.Key))
            {
                _found[row.Key] = row;
            }
        }
    }

    public LogRow Last { get; }

    // Each key is looked up by itself. With ANY, a plan that was made while the table was nearly empty reads the whole bucket and
    // compares every row with every key; LIMIT keeps the planner from making such a join of this, too.
    private const string FindKeys =
        $"""
        SELECT found.* FROM unnest($2) AS given (k) CROSS JOIN LATERAL (
          SELECT {PostgresRows.KeyColumns}, v FROM raftd_keys AS kept WHERE kept.bucket = $1 AND kept.k = given.k LIMIT 1) AS found
        """;

    public static void AddFirstReads(NpgsqlBatch batch, long bucket, IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        batch.Add($"SELECT {PostgresRows.LogColumns} FROM raftd_log WHERE bucket = $1 ORDER BY seq DESC LIMIT 1").With(bucket);
        if (keys.Count > 0)
        {
            batch.Add(FindKeys)
                .With(bucket).WithBytes(keys, static key => key.ToArray());
        }
    }

    public KeyRow? Find(ReadOnlyMemory<byte> key)
    {
        if (_found.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key.Span, out var known))
        {
            return known;
        }

        return Rows(
            $"SELECT {PostgresRows.KeyColumns}, v FROM raftd_keys WHERE bucket = $1 AND k = $2",
            command => command.With(key),
            PostgresRows.Key).FirstOrDefault();
    }

    public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues)
    {
        var low = isDescending ? range.Low : from;
        var high = isDescending && !from.IsEmpty ? from : RangeEnd.Of(range);
        var value = withValues ? "v" : "NULL::bytea";
        var order = isDescending ? "DESC" : "ASC";
        return Rows(
            $"""
            SELECT {PostgresRows.KeyColumns}, {value} FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND {IsBelow("$4", high)}
            ORDER BY k {order} LIMIT $3
            """,
            command => WithEnd(command.With(low).With(max), high),
            PostgresRows.Key);
    }

    public long CountLive(KeyRange range)
    {
        var high = RangeEnd.Of(range);
        return Rows(
            $"SELECT count(*) FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND {IsBelow("$3", high)}",
            command => WithEnd(command.With(range.Low), high),
            static row => row.GetInt64(0))[0];
    }

    public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max)
    {
        var high = RangeEnd.Of(range);
        return Rows(
            $"""
            WITH part AS MATERIALIZED (
              SELECT k, size FROM raftd_keys WHERE bucket = $1 AND k >= $2 AND {IsBelow("$4", high)} ORDER BY k LIMIT $3)
            SELECT count(*), COALESCE(sum(length(k)), 0)::bigint, COALESCE(sum(size), 0)::bigint,
              (SELECT k FROM part ORDER BY k DESC LIMIT 1) FROM part
            """,
            command => WithEnd(command.With(from).With(max), high),
            row => SliceAt(row, from))[0];
    }

    public IReadOnlyList<RevisionRecord> VersionsIn(KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max)
    {
        var high = RangeEnd.Of(range);
        return Rows(
            $"""
            SELECT {PostgresRows.VersionColumns}, NULL::bytea FROM raftd_revisions
            WHERE bucket = $1 AND (k, rev, sub) > ($2, $3, $4) AND rev <= $5 AND {IsBelow("$7", high)}
            ORDER BY k, rev, sub LIMIT $6
            """,
            command => WithEnd(command.With(key).With(behind.Main).With(behind.Sub).With(through).With(max), high),
            PostgresRows.Version);
    }

    public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) => Rows(
        $"""
        SELECT {PostgresRows.VersionColumns}, NULL::bytea FROM raftd_revisions
        WHERE bucket = $1 AND k = $2 AND (rev, sub) <= ($3, $4) ORDER BY rev DESC, sub DESC LIMIT $5
        """,
        command => command.With(key).With(from.Main).With(from.Sub).With(max),
        PostgresRows.Version);

    public IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes)
    {
        var changes = new List<RevisionRecord>();
        var bytes = 0L;
        while (bytes <= maxBytes)
        {
            var step = ChangesWithin(from, maxBytes - bytes);
            changes.AddRange(step);
            bytes += step.Sum(static change => (long)change.LogicalBytes);
            if (step.Count < ChangesOfOneStep)
            {
                break;
            }

            from = step[^1].Revision with { Sub = step[^1].Revision.Sub + 1 };
        }

        return changes;
    }

    /// <remarks>Each by itself, as <see cref="FindKeys"/>: a server that has not counted a table yet compares all its rows with each
    /// revision.</remarks>
    public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions)
    {
        var values = new byte[]?[revisions.Count];
        var found = Rows(
            """
            SELECT asked.place, found.v FROM unnest($2, $3) WITH ORDINALITY AS asked (rev, sub, place) CROSS JOIN LATERAL (
              SELECT v FROM raftd_revisions AS kept WHERE kept.bucket = $1 AND kept.rev = asked.rev AND kept.sub = asked.sub LIMIT 1) AS found
            """,
            command => command
                .WithNumbers(revisions, static revision => revision.Main)
                .WithNumbers(revisions, static revision => revision.Sub),
            static row => (Place: (int)row.GetInt64(0) - 1, Value: PostgresRows.BytesAt(row, 1)));
        foreach (var (place, value) in found)
        {
            values[place] = value;
        }

        return values;
    }

    public IReadOnlyList<LeaseRecord> Leases(long from, int max) => Rows(
        $"SELECT {PostgresRows.LeaseColumns} FROM raftd_leases WHERE bucket = $1 AND id >= $2 ORDER BY id LIMIT $3",
        command => command.With(from).With(max),
        PostgresRows.Lease);

    public IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max) => Rows(
        $"""
        SELECT {PostgresRows.LeaseKeyColumns} FROM raftd_lease_keys
        WHERE bucket = $1 AND (lease, k) > ($2, $3) ORDER BY lease, k LIMIT $4
        """,
        command => command.With(lease).With(behind).With(max),
        PostgresRows.LeaseKey);

    public IReadOnlyList<MetaChange> Meta() => Rows(
        "SELECT name, v FROM raftd_meta WHERE bucket = $1 ORDER BY name", static command => command, PostgresRows.Meta);

    public IReadOnlyList<FrontRow> Fronts() => _session.Read(
        PostgresSession.SelectFronts, static command => command, static reader => PostgresRows.All(reader, PostgresRows.Front));

    public void Dispose() => _session.EndSnapshot();

    /// <summary>The changes whose predecessors of this step do not exceed the bytes yet.</summary>
    /// <remarks>The server adds up, so that no more values travel than are wanted.</remarks>
    private List<RevisionRecord> ChangesWithin(Revision from, long maxBytes) => Rows(
        $"""
        SELECT {PostgresRows.VersionColumns}, v FROM (
          SELECT *, sum(bytes) OVER (ORDER BY rev, sub ROWS UNBOUNDED PRECEDING) - bytes AS bytes_before FROM (
            SELECT {PostgresRows.VersionColumns}, v, length(k) + size + {RevisionRecord.OverheadBytes} AS bytes FROM raftd_revisions
            WHERE bucket = $1 AND (rev, sub) >= ($2, $3) ORDER BY rev, sub LIMIT {ChangesOfOneStep}) AS step) AS summed
        WHERE bytes_before <= $4 ORDER BY rev, sub
        """,
        command => command.With(from.Main).With(from.Sub).With(maxBytes),
        PostgresRows.Version);

    /// <param name="sql">Its first parameter is the bucket.</param>
    /// <param name="fill">Adds the others.</param>
    /// <param name="of">Of each row.</param>
    private List<T> Rows<T>(string sql, Func<NpgsqlBatchCommand, NpgsqlBatchCommand> fill, Func<NpgsqlDataReader, T> of) =>
        _session.Read(sql, command => fill(command.With(_session.Bucket)), reader => PostgresRows.All(reader, of));

    private static KeySlice? SliceAt(NpgsqlDataReader row, ReadOnlyMemory<byte> from)
    {
        var (count, keyBytes, valueBytes) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        return PostgresRows.BytesAt(row, 3) is { } last ? new KeySlice(from, last, count, keyBytes, valueBytes) : null;
    }

    private static string IsBelow(string parameter, ReadOnlyMemory<byte>? end) => end is null ? "TRUE" : $"k < {parameter}";

    private static NpgsqlBatchCommand WithEnd(NpgsqlBatchCommand command, ReadOnlyMemory<byte>? end) =>
        end is { } bound ? command.With(bound) : command;
}
