// Layout of a pair in the leases bucket.
//
//   key:    lease id (8 bytes, big-endian)
//   value:  +--------+-------+------+---------------+------------+--------------------+----------------------------+
//           | format | flags | kind | ttl (seconds) | generation | renewed generation | [checkpoint, milliseconds] |
//           | 1 byte | 1 B   | 1 B  | number        | number     | number             | number                     |
//           +--------+-------+------+---------------+------------+--------------------+----------------------------+
//           [floor: milliseconds, generation, revision], name (length + bytes)
//           format: 2.  flags: 1 alive, 2 hidden, 4 has a checkpoint, 8 has a floor.  Numbers are varints (WireWriter).
//
// Which keys a lease has is not stored here: the newest record of a key names its lease. What is stored of one key is a
// pair of its own (LeaseKeyRecord), so that an entry about one key of 100 000 costs what an entry about one key costs.
//
// What the keys with a deadline of their own have left, as far as it is stored:
//
//   1. The lease's checkpoint speaks for all of them: no key outlives its lease.
//   2. A keepalive that names one key clears that checkpoint. It still holds for the others, so it becomes the floor: it
//      speaks for the keys that were there at its revision and that no entry has renewed since its generation.
//   3. A key's own checkpoint speaks for that key, until an entry renews the key, or the lease with all its keys.

using System.Text;
using Raftd.Contract;
using Raftd.Store.Buckets;
using Raftd.Store.Commands;
using Raftd.Store.Mvcc;

namespace Raftd.Store.Leases;

/// <summary>The replicated part of a lease. Never changes: a change makes another record.</summary>
internal sealed record LeaseRecord : IWeighted
{
    /// <summary>What a lease counts in the logical bytes beside its name. Part of the replicated state.</summary>
    public const int OverheadBytes = 64;

    private const byte Format = 2;

    [Flags]
    private enum RecordFlags : byte
    {
        None = 0,
        Alive = 1,
        Hidden = 2,
        Checkpoint = 4,
        Floor = 8,
    }

    public required long Id { get; init; }

    /// <summary>UTF-8; empty for leases of the etcd API and for hidden ones.</summary>
    public required byte[] Name { get; init; }

    public required long TtlSeconds { get; init; }

    public required LeaseKind Kind { get; init; }

    public required LeaseStatus Status { get; init; }

    /// <summary>Made by `?ttl=` of a put and owned by its key.</summary>
    public required bool Hidden { get; init; }

    /// <summary>Counts the entries that renewed it. An expiry names the generation it was decided in.</summary>
    public required long Generation { get; init; }

    /// <summary>What was left at the last checkpoint, -1 while there is none.</summary>
    public long CheckpointMilliseconds { get; init; } = -1;

    /// <summary>Of the entry that last renewed the lease with all its keys; 0 if none has. What was stored of keys before is
    /// void.</summary>
    public long RenewedGeneration { get; init; }

    /// <summary>What the keys had left at most that were not renewed since; null for nothing.</summary>
    public LeaseFloor? Floor { get; init; }

    public bool HasCheckpoint => CheckpointMilliseconds >= 0;

    public int LogicalBytes => Name.Length + OverheadBytes;

    public int Weight => 1;

    public string NameText => Encoding.UTF8.GetString(Name);

    /// <summary>A REST grant that was never used: its time has not begun.</summary>
    public bool IsUnclaimed => Status == LeaseStatus.Create && Kind == LeaseKind.Rest;

    /// <summary>The name of a key set by a keepalive: name, id, the key's own name.</summary>
    public byte[] FullKey(ReadOnlySpan<byte> ownKey)
    {
        Span<byte> id = stackalloc byte[20];
        Id.TryFormat(id, out var idBytes, provider: null);
        var full = new byte[Name.Length + 1 + idBytes + 1 + ownKey.Length];
        Name.CopyTo(full, 0);
        full[Name.Length] = (byte)'/';
        id[..idBytes].CopyTo(full.AsSpan(Name.Length + 1));
        full[Name.Length + 1 + idBytes] = (byte)'/';
        ownKey.CopyTo(full.AsSpan(Name.Length + 1 + idBytes + 1));
        return full;
    }

    /// <summary>What is stored that a key with a deadline of its own has left, in milliseconds; null for nothing.</summary>
    /// <remarks>The lease's own checkpoint bounds it as well.</remarks>
    public long? RemainingOf(LeaseKeyRecord key)
    {
        long? remaining = key.RemainingMilliseconds >= 0 && key.Generation >= RenewedGeneration
            ? key.RemainingMilliseconds
            : null;
        return Floor is { } floor && key.ModRevision <= floor.Revision && key.Generation <= floor.Generation
            ? Math.Min(remaining ?? long.MaxValue, floor.RemainingMilliseconds)
            : remaining;
    }

    public void WriteTo(WireWriter writer)
    {
        writer.Byte(Format);
        writer.Byte((byte)(
            (Status == LeaseStatus.Alive ? RecordFlags.Alive : 0)
            | (Hidden ? RecordFlags.Hidden : 0)
            | (HasCheckpoint ? RecordFlags.Checkpoint : 0)
            | (Floor is not null ? RecordFlags.Floor : 0)));
        writer.Byte((byte)Kind);
        writer.Number(TtlSeconds);
        writer.Number(Generation);
        writer.Number(RenewedGeneration);
        if (HasCheckpoint)
        {
            writer.Number(CheckpointMilliseconds);
        }

        if (Floor is { } floor)
        {
            writer.Number(floor.RemainingMilliseconds);
            writer.Number(floor.Generation);
            writer.Number(floor.Revision);
        }

        writer.Bytes(Name);
    }

    /// <summary>The lease that a put with a time to live makes for its key.</summary>
    public static LeaseRecord HiddenOf(long id, long ttlSeconds) => new()
    {
        Id = id,
        Name = [],
        TtlSeconds = ttlSeconds,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = true,
        Generation = 1,
    };

    /// <exception cref="BucketStoreException">The bytes are not what WriteTo wrote.</exception>
    public static LeaseRecord Read(long id, ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var flags = (RecordFlags)reader.Byte();
        var record = new LeaseRecord
        {
            Id = id,
            Status = flags.HasFlag(RecordFlags.Alive) ? LeaseStatus.Alive : LeaseStatus.Create,
            Hidden = flags.HasFlag(RecordFlags.Hidden),
            Kind = (LeaseKind)reader.Byte(),
            TtlSeconds = reader.Number(),
            Generation = reader.Number(),
            RenewedGeneration = reader.Number(),
            CheckpointMilliseconds = flags.HasFlag(RecordFlags.Checkpoint) ? reader.Number() : -1,
            Floor = flags.HasFlag(RecordFlags.Floor) ? new LeaseFloor(reader.Number(), reader.Number(), reader.Number()) : null,
            Name = reader.SpanBytes().ToArray(),
        };
        return format == Format && reader.IsWhole
            ? record
            : throw new BucketStoreException(
                BucketStoreFault.Corrupt, $"lease {id}: {source.Length} bytes are no record of format {Format}");
    }
}

/// <summary>A checkpoint of the lease that a keepalive of one key has cleared: what the other keys had left at most.</summary>
/// <param name="RemainingMilliseconds">As the checkpoint said.</param>
/// <param name="Generation">Of the lease while the checkpoint stood.</param>
/// <param name="Revision">Of the store just before the keepalive.</param>
internal readonly record struct LeaseFloor(long RemainingMilliseconds, long Generation, long Revision);
