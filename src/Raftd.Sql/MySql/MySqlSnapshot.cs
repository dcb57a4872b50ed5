using System.Data.Common;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.MySql;

/// <summary>One transaction of repeatable reads. Its moment is that of its beginning.</summary>
internal sealed class MySqlSnapshot : ISnapshot
{
    // Changes are read in steps of so many: how many of them are asked for is a number of bytes.
    private const int ChangesOfOneStep = 1024;

    private readonly MySqlSession _session;
    private readonly Dictionary<byte[], KeyRow?> _found = new(BytesComparer.Instance);

    /// <param name="session">In whose transaction it reads.</param>
    /// <param name="last">The last row of the log.</param>
    /// <param name="keys">As they were asked for.</param>
    /// <param name="found">Those of them that live.</param>
    public MySqlSnapshot(MySqlSession session, LogRow last, IReadOnlyList<ReadOnlyMemory<byte>> keys, List<KeyRow> found)
    {
        (_session, Last) = (session, last);
        foreach (var key in keys)
        {
            _found[key.ToArray()] = null;
        }

        found.ForEach(row => _found[row.Key] = row);
    }

    public LogRow Last { get; }

    /// <summary>Their results: the last row of the log, then keys.</summary>
    public static void AddFirstReads(MySqlScript script, long bucket, IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        script.Add($"SELECT {MySqlRows.LogColumns} FROM raftd_log WHERE bucket = {bucket} ORDER BY seq DESC LIMIT 1");
        script.AddRows(
            keys,
            text => text.Write($"SELECT {MySqlRows.KeyColumns}, v FROM raftd_keys FORCE INDEX (PRIMARY) WHERE bucket = {bucket} AND k IN ("),
            static (text, key) => text.Write($"{key}"),
            static text => text.Write($")"));
    }

    public KeyRow? Find(ReadOnlyMemory<byte> key)
    {
        if (_found.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key.Span, out var known))
        {
            return known;
        }

        return Rows(
            script => script.Add($"SELECT {MySqlRows.KeyColumns}, v FROM raftd_keys WHERE bucket = {Bucket} AND k = {key}"),
            MySqlRows.Key).FirstOrDefault();
    }

    public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues)
    {
        var low = isDescending ? range.Low : from;
        var high = isDescending && !from.IsEmpty ? from : RangeEnd.Of(range);
        var value = new Sql(withValues ? "v" : "NULL");
        var order = new Sql(isDescending ? "DESC" : "ASC");
        return Rows(
            script =>
            {
                script.Write($"SELECT {MySqlRows.KeyColumns}, {value} FROM raftd_keys FORCE INDEX (PRIMARY) ");
                script.Write($"WHERE bucket = {Bucket} AND k >= {low}");
                WriteEnd(script, high);
                script.Add($" ORDER BY k {order} LIMIT {max}");
            },
            MySqlRows.Key);
    }

    public long CountLive(KeyRange range) => Rows(
        script =>
        {
            script.Write($"SELECT COUNT(*) FROM raftd_keys FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} AND k >= {range.Low}");
            WriteEnd(script, RangeEnd.Of(range));
            script.Add($"");
        },
        static row => row.GetInt64(0))[0];

    public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max) => Rows(
        script =>
        {
            script.Write($"SELECT COUNT(*), CAST(COALESCE(SUM(LENGTH(k)), 0) AS SIGNED), CAST(COALESCE(SUM(size), 0) AS SIGNED), MAX(k) ");
            script.Write($"FROM (SELECT k, size FROM raftd_keys FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} AND k >= {from}");
            WriteEnd(script, RangeEnd.Of(range));
            script.Add($" ORDER BY k LIMIT {max}) AS part");
        },
        row => MySqlRows.BytesAt(row, 3) is { } last
            ? new KeySlice(from, last, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2))
            : null)[0];

    /// <remarks>The rest of the first key, then the others: an index serves each of them, and not the comparison of three columns.</remarks>
    public IReadOnlyList<RevisionRecord> VersionsIn(KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max)
    {
        var found = Rows(
            script =>
            {
                WriteVersions(script);
                script.Write($"AND k = {key} AND rev >= {behind.Main} AND (rev > {behind.Main} OR sub > {behind.Sub}) AND rev <= {through}");
                WriteEnd(script, RangeEnd.Of(range));
                script.Add($" ORDER BY rev, sub LIMIT {max}");
                WriteVersions(script);
                script.Write($"AND k > {key} AND rev <= {through}");
                WriteEnd(script, RangeEnd.Of(range));
                script.Add($" ORDER BY k, rev, sub LIMIT {max}");
            },
            MySqlRows.Version);
        return found.Count > max ? found[..max] : found;
    }

    public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) => Rows(
        script =>
        {
            WriteVersions(script);
            script.Write($"AND k = {key} AND rev <= {from.Main} AND (rev < {from.Main} OR sub <= {from.Sub}) ");
            script.Add($"ORDER BY rev DESC, sub DESC LIMIT {max}");
        },
        MySqlRows.Version);

    /// <remarks>Sizes first, so that no more values travel than are wanted.</remarks>
    public IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes)
    {
        var changes = new List<RevisionRecord>();
        var bytes = 0L;
        while (bytes <= maxBytes)
        {
            var sizes = SizesFrom(from);
            var wanted = 0;
            while (wanted < sizes.Count && bytes <= maxBytes)
            {
                bytes += sizes[wanted++].Bytes;
            }

            if (wanted == 0)
            {
                break;
            }

            var last = sizes[wanted - 1].Revision;
            changes.AddRange(ChangesWithin(from, last));
            if (sizes.Count < ChangesOfOneStep)
            {
                break;
            }

            from = last with { Sub = last.Sub + 1 };
        }

        return changes;
    }

    public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions)
    {
        var found = Rows(
            script => script.AddRows(
                [.. revisions.Distinct()],
                text => text.Write(
                    $"SELECT rev, sub, size, v FROM raftd_revisions FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} AND (rev, sub) IN ("),
                static (text, revision) => text.Write($"({revision.Main}, {revision.Sub})"),
                static text => text.Write($")")),
            static row => (Revision: RevisionAt(row), Bytes: (int)row.GetInt64(2), Value: MySqlRows.BytesAt(row, 3)));
        var values = found.ToDictionary(
            static row => row.Revision, row => IsInPieces(row.Bytes) ? PiecesOf(row.Revision, row.Bytes) : row.Value);
        return [.. revisions.Select(revision => values.GetValueOrDefault(revision))];
    }

    public IReadOnlyList<LeaseRecord> Leases(long from, int max) => Rows(
        script => script.Add(
            $"""
            SELECT {MySqlRows.LeaseColumns} FROM raftd_leases FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} AND id >= {from}
            ORDER BY id LIMIT {max}
            """),
        MySqlRows.Lease);

    /// <remarks>As <see cref="VersionsIn"/>.</remarks>
    public IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max)
    {
        var found = Rows(
            script =>
            {
                script.Write($"SELECT {MySqlRows.LeaseKeyColumns} FROM raftd_lease_keys FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} ");
                script.Add($"AND lease = {lease} AND k > {behind} ORDER BY k LIMIT {max}");
                script.Write($"SELECT {MySqlRows.LeaseKeyColumns} FROM raftd_lease_keys FORCE INDEX (PRIMARY) WHERE bucket = {Bucket} ");
                script.Add($"AND lease > {lease} ORDER BY lease, k LIMIT {max}");
            },
            MySqlRows.LeaseKey);
        return found.Count > max ? found[..max] : found;
    }

    public IReadOnlyList<MetaChange> Meta() =>
        Rows(script => script.Add($"SELECT name, v FROM raftd_meta WHERE bucket = {Bucket} ORDER BY name"), MySqlRows.Meta);

    public IReadOnlyList<FrontRow> Fronts() => Rows(MySqlSession.AddFronts, MySqlRows.Front);

    public void Dispose() => _session.EndSnapshot();

    private long Bucket => _session.Bucket;

    private static bool IsInPieces(int valueBytes) => valueBytes > MySqlCommit.PieceBytes;

    private static Revision RevisionAt(DbDataReader row) => new(row.GetInt64(0), row.GetInt64(1));

    private List<(Revision Revision, long Bytes)> SizesFrom(Revision from) => Rows(
        script => script.Add(
            $"""
            SELECT rev, sub, LENGTH(k) + size + {RevisionRecord.OverheadBytes} FROM raftd_revisions FORCE INDEX (PRIMARY)
            WHERE bucket = {Bucket} AND {MySqlRows.IsFrom(from)}
            ORDER BY rev, sub LIMIT {ChangesOfOneStep}
            """),
        static row => (RevisionAt(row), row.GetInt64(2)));

    /// <summary>All of [from, through].</summary>
    private IEnumerable<RevisionRecord> ChangesWithin(Revision from, Revision through)
    {
        var rows = Rows(
            script => script.Add(
                $"""
                SELECT {MySqlRows.VersionColumns}, v FROM raftd_revisions FORCE INDEX (PRIMARY)
                WHERE bucket = {Bucket} AND {MySqlRows.IsFrom(from)}
                  AND (rev < {through.Main} OR (rev = {through.Main} AND sub <= {through.Sub}))
                ORDER BY rev, sub
                """),
            MySqlRows.Version);
        return rows.Select(row => IsInPieces(row.ValueBytes)
            ? row with { Value = PiecesOf(row.Revision, row.ValueBytes), ValueBytes = row.ValueBytes }
            : row);
    }

    private byte[] PiecesOf(Revision revision, int bytes)
    {
        var value = new byte[bytes];
        var at = 0;
        Rows(
            script => script.Add(
                $"""
                SELECT v FROM raftd_chunks FORCE INDEX (PRIMARY)
                WHERE bucket = {Bucket} AND rev = {revision.Main} AND sub = {revision.Sub} ORDER BY part
                """),
            row =>
            {
                var piece = row.GetFieldValue<byte[]>(0);
                if (at + piece.Length <= bytes)
                {
                    piece.CopyTo(value.AsSpan(at));
                }

                return at += piece.Length;
            });
        return at == bytes
            ? value
            : throw new DatabaseException(DatabaseFault.Wrong, $"the value of revision {revision} has {bytes} bytes, and {at} are in raftd_chunks");
    }

    private List<T> Rows<T>(Action<MySqlScript> fill, Func<DbDataReader, T> of)
    {
        var script = new MySqlScript();
        fill(script);
        return _session.Read(script, of);
    }

    private void WriteVersions(MySqlScript script)
    {
        script.Write($"SELECT {MySqlRows.VersionColumns}, NULL FROM raftd_revisions FORCE INDEX (raftd_revisions_of_keys) ");
        script.Write($"WHERE bucket = {Bucket} ");
    }

    private static void WriteEnd(MySqlScript script, ReadOnlyMemory<byte>? end)
    {
        if (end is { } bound)
        {
            script.Write($" AND k < {bound}");
        }
    }
}
