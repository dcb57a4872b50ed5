using System.Data.Common;
using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.MySql;

/// <summary>The columns of each kind of row, and a row of them as a record.</summary>
internal static class MySqlRows
{
    public static readonly Sql LogColumns =
        new("seq, epoch, leader, front, nonce, rev, compact_rev, key_count, logical_bytes, history_bytes, chain, deltas");

    /// <summary>Then the value, or NULL.</summary>
    public static readonly Sql KeyColumns = new("k, mod_rev, mod_sub, create_rev, version, lease, flags, size");

    /// <summary>Then the value, or NULL.</summary>
    public static readonly Sql VersionColumns = new("rev, sub, k, create_rev, version, lease, flags, size");

    public static readonly Sql LeaseColumns =
        new("id, name, kind, flags, ttl_s, generation, checkpoint_ms, renewed_generation, floor_ms, floor_generation, floor_revision");

    public static readonly Sql LeaseKeyColumns = new("lease, k, own_deadline, mod_rev, generation, remaining_ms");

    public static readonly Sql FrontColumns = new("id, label, http_addr, peer_addr, version, beat");

    public static LogRow Log(DbDataReader row) => new()
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

    public static KeyRow Key(DbDataReader row) => new(
        row.GetFieldValue<byte[]>(0),
        new Revision(row.GetInt64(1), row.GetInt64(2)),
        row.GetInt64(3),
        row.GetInt64(4),
        row.GetInt64(5),
        (KeyFlags)row.GetInt64(6),
        (int)row.GetInt64(7),
        BytesAt(row, 8));

    /// <remarks>A value in pieces is not in the row.</remarks>
    public static RevisionRecord Version(DbDataReader row)
    {
        var revision = new Revision(row.GetInt64(0), row.GetInt64(1));
        var (createRevision, version, lease) = (row.GetInt64(3), row.GetInt64(4), row.GetInt64(5));
        return new RevisionRecord(
            revision, row.GetFieldValue<byte[]>(2), BytesAt(row, 8) ?? [], createRevision, version, lease, (KeyFlags)row.GetInt64(6))
        {
            ValueBytes = (int)row.GetInt64(7),
        };
    }

    public static LeaseRecord Lease(DbDataReader row) => new()
    {
        Id = row.GetInt64(0),
        Name = row.GetFieldValue<byte[]>(1),
        Kind = (LeaseKind)row.GetInt64(2),
        Status = LeaseFlags.StatusOf(row.GetInt64(3)),
        Hidden = LeaseFlags.IsHidden(row.GetInt64(3)),
        TtlSeconds = row.GetInt64(4),
        Generation = row.GetInt64(5),
        CheckpointMilliseconds = row.GetInt64(6),
        RenewedGeneration = row.GetInt64(7),
        Floor = row.IsDBNull(8) ? null : new LeaseFloor(row.GetInt64(8), row.GetInt64(9), row.GetInt64(10)),
    };

    public static LeaseKeyRow LeaseKey(DbDataReader row) => new(
        row.GetInt64(0),
        row.GetFieldValue<byte[]>(1),
        new LeaseKeyRecord(row.GetInt64(2) != 0, row.GetInt64(3))
        {
            Generation = row.GetInt64(4),
            RemainingMilliseconds = row.GetInt64(5),
        });

    public static FrontRow Front(DbDataReader row) => new(
        UnsignedAt(row, 0), TextAt(row, 1), TextAt(row, 2), TextAt(row, 3), TextAt(row, 4), row.GetInt64(5));

    public static MetaChange Meta(DbDataReader row) => new(TextAt(row, 0), row.GetFieldValue<byte[]>(1));

    /// <summary>Adds all rows of the result that the reader stands before.</summary>
    public static void AddAll<T>(DbDataReader reader, Func<DbDataReader, T> of, List<T> rows)
    {
        while (reader.Read())
        {
            rows.Add(of(reader));
        }
    }

    public static ulong UnsignedAt(DbDataReader row, int column) => unchecked((ulong)row.GetInt64(column));

    public static byte[]? BytesAt(DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : row.GetFieldValue<byte[]>(column);

    /// <summary>As it is stored: in UTF-8.</summary>
    public static byte[] BytesOf(string text) => Encoding.UTF8.GetBytes(text);

    public static string TextAt(DbDataReader row, int column) => Encoding.UTF8.GetString(row.GetFieldValue<byte[]>(column));

    /// <summary>Of `revisions`: this version and those behind it.</summary>
    /// <remarks>Written so that the index leads to the sub, too: a revision may have a million.</remarks>
    public static Sql IsFrom(Revision from) =>
        new(string.Create(CultureInfo.InvariantCulture, $"(rev > {from.Main} OR (rev = {from.Main} AND sub >= {from.Sub}))"));
}
