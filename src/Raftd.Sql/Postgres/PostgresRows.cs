using System.Text;
using Npgsql;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Postgres;

/// <summary>The columns of each kind of row, and a row of them as a record.</summary>
/// <remarks>Readers are sequential: a column is read once, in the order of the list.</remarks>
internal static class PostgresRows
{
    public const string LogColumns =
        "seq, epoch, leader, front, nonce, rev, compact_rev, key_count, logical_bytes, history_bytes, chain, deltas";

    /// <summary>Then the value, or NULL.</summary>
    public const string KeyColumns = "k, mod_rev, mod_sub, create_rev, version, lease, flags, size";

    /// <summary>Then the value, or NULL.</summary>
    public const string VersionColumns = "rev, sub, k, create_rev, version, lease, flags, size";

    public const string LeaseColumns =
        "id, name, kind, flags, ttl_s, generation, checkpoint_ms, renewed_generation, floor_ms, floor_generation, floor_revision";

    public const string LeaseKeyColumns = "lease, k, own_deadline, mod_rev, generation, remaining_ms";

    public const string FrontColumns = "id, label, http_addr, peer_addr, version, beat";

    public static LogRow Log(NpgsqlDataReader row) => new()
    {
        Seq = row.GetInt64(0),
        Epoch = UnsignedAt(row, 1),
        Leader = UnsignedAt(row, 2),
        Front = UnsignedAt(row, 3),
        Nonce = UnsignedAt(row, 4),
        Revision = row.GetInt64(5),
        CompactRevision = row.GetInt64(6),
        KeyCount = row.GetInt64(7),
        LogicalBytes = row.GetInt64(8),
        HistoryBytes = row.GetInt64(9),
        Chain = UnsignedAt(row, 10),
        Deltas = BytesAt(row, 11) ?? [],
    };

    public static KeyRow Key(NpgsqlDataReader row) => new(
        row.GetFieldValue<byte[]>(0),
        new Revision(row.GetInt64(1), row.GetInt64(2)),
        row.GetInt64(3),
        row.GetInt64(4),
        row.GetInt64(5),
        (KeyFlags)row.GetInt64(6),
        (int)row.GetInt64(7),
        BytesAt(row, 8));

    public static RevisionRecord Version(NpgsqlDataReader row)
    {
        var revision = new Revision(row.GetInt64(0), row.GetInt64(1));
        var key = row.GetFieldValue<byte[]>(2);
        var (createRevision, version, lease) = (row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
        var (flags, size) = ((KeyFlags)row.GetInt64(6), (int)row.GetInt64(7));
        return new RevisionRecord(revision, key, BytesAt(row, 8) ?? [], createRevision, version, lease, flags) { ValueBytes = size };
    }

    public static LeaseRecord Lease(NpgsqlDataReader row)
    {
        var (id, name) = (row.GetInt64(0), row.GetFieldValue<byte[]>(1));
        var (kind, flags) = (row.GetInt64(2), row.GetInt64(3));
        return new LeaseRecord
        {
            Id = id,
            Name = name,
            Kind = (LeaseKind)kind,
            Status = LeaseFlags.StatusOf(flags),
            Hidden = LeaseFlags.IsHidden(flags),
            TtlSeconds = row.GetInt64(4),
            Generation = row.GetInt64(5),
            CheckpointMilliseconds = row.GetInt64(6),
            RenewedGeneration = row.GetInt64(7),
            Floor = row.IsDBNull(8) ? null : new LeaseFloor(row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)),
        };
    }

    public static LeaseKeyRow LeaseKey(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        row.GetFieldValue<byte[]>(1),
        new LeaseKeyRecord(row.GetBoolean(2), row.GetInt64(3))
        {
            Generation = row.GetInt64(4),
            RemainingMilliseconds = row.GetInt64(5),
        });

    public static FrontRow Front(NpgsqlDataReader row) => new(
        UnsignedAt(row, 0), TextAt(row, 1), TextAt(row, 2), TextAt(row, 3), TextAt(row, 4), row.GetInt64(5));

    public static MetaChange Meta(NpgsqlDataReader row) => new(TextAt(row, 0), row.GetFieldValue<byte[]>(1));

    /// <summary>All rows of the result that the reader stands before.</summary>
    public static List<T> All<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> of)
    {
        var rows = new List<T>();
        while (reader.Read())
        {
            rows.Add(of(reader));
        }

        return rows;
    }

    public static ulong UnsignedAt(NpgsqlDataReader row, int column) => unchecked((ulong)row.GetInt64(column));

    public static byte[]? BytesAt(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    public static string TextAt(NpgsqlDataReader row, int column) =>
        Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(column));
}
