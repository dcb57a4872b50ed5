// Layout of a pair in the leases bucket.
//
//   key:    lease id (8 bytes, big-endian)
//   value:  +--------+-------+------+---------------+------------+----------------------------+----------------+
//           | format | flags | kind | ttl (seconds) | generation | [checkpoint, milliseconds] | name           |
//           | 1 byte | 1 B   | 1 B  | number        | number     | number                     | length + bytes |
//           +--------+-------+------+---------------+------------+----------------------------+----------------+
//           [count, (full key: length + bytes, mod revision, checkpoint in milliseconds)*]
//           format: 1.  flags: 1 alive, 2 hidden, 4 has a checkpoint, 8 has checkpoints of keys.
//           Numbers are varints (WireWriter).
//
// Which keys a lease has is not stored here: the newest record of a key names its lease. A key's checkpoint holds for
// the key at that mod revision; one that speaks of another is what a delete or an overwrite has left behind, and void.

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

    public const long MaxTtlSeconds = 9_000_000_000;

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

    /// <summary>Of own keys that were silent while the lease was renewed.</summary>
    public KeyCheckpoint[] KeyCheckpoints { get; init; } = [];

    public bool HasCheckpoint => CheckpointMilliseconds >= 0;

    public int LogicalBytes => Name.Length + OverheadBytes;

    public int Weight => 1;

    public string NameText => Encoding.UTF8.GetString(Name);

    /// <summary>A REST grant that nobody has used: its time has not begun.</summary>
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

    /// <summary>Null if the key, as set at that revision, has none.</summary>
    public KeyCheckpoint? FindCheckpoint(ReadOnlySpan<byte> key, long modRevision)
    {
        foreach (var checkpoint in KeyCheckpoints)
        {
            if (checkpoint.ModRevision == modRevision && key.SequenceEqual(checkpoint.Key))
            {
                return checkpoint;
            }
        }

        return null;
    }

    public void WriteTo(WireWriter writer)
    {
        writer.Byte(1);
        writer.Byte((byte)(
            (Status == LeaseStatus.Alive ? 1 : 0)
            | (Hidden ? 2 : 0)
            | (HasCheckpoint ? 4 : 0)
            | (KeyCheckpoints.Length != 0 ? 8 : 0)));
        writer.Byte((byte)Kind);
        writer.Number(TtlSeconds);
        writer.Number(Generation);
        if (HasCheckpoint)
        {
            writer.Number(CheckpointMilliseconds);
        }

        writer.Bytes(Name);
        if (KeyCheckpoints.Length != 0)
        {
            writer.Number(KeyCheckpoints.Length);
            foreach (var checkpoint in KeyCheckpoints)
            {
                writer.Bytes(checkpoint.Key);
                writer.Number(checkpoint.ModRevision);
                writer.Number(checkpoint.RemainingMilliseconds);
            }
        }
    }

    /// <exception cref="BucketStoreException">The bytes are not what WriteTo wrote.</exception>
    public static LeaseRecord Read(long id, ReadOnlySpan<byte> source)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var flags = reader.Byte();
        var record = new LeaseRecord
        {
            Id = id,
            Status = (flags & 1) != 0 ? LeaseStatus.Alive : LeaseStatus.Create,
            Hidden = (flags & 2) != 0,
            Kind = (LeaseKind)reader.Byte(),
            TtlSeconds = reader.Number(),
            Generation = reader.Number(),
            CheckpointMilliseconds = (flags & 4) != 0 ? reader.Number() : -1,
            Name = reader.SpanBytes().ToArray(),
            KeyCheckpoints = (flags & 8) != 0 ? ReadKeyCheckpoints(ref reader) : [],
        };
        return format == 1 && reader.IsWhole
            ? record
            : throw new BucketStoreException(
                BucketStoreFault.Corrupt, $"lease {id}: {source.Length} bytes are no record of format 1");
    }

    private static KeyCheckpoint[] ReadKeyCheckpoints(ref WireReader reader)
    {
        var checkpoints = new KeyCheckpoint[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < checkpoints.Length && !reader.Failed; i++)
        {
            checkpoints[i] = new KeyCheckpoint(reader.SpanBytes().ToArray(), reader.Number(), reader.Number());
        }

        return checkpoints;
    }
}

/// <summary>What a key of a lease (its full name), as set at the revision, had left at its last checkpoint.</summary>
internal readonly record struct KeyCheckpoint(byte[] Key, long ModRevision, long RemainingMilliseconds);

/// <summary>A key attached to a lease.</summary>
internal sealed record LeaseKeyRecord(bool OwnDeadline, long ModRevision) : IWeighted
{
    public int Weight => 1;
}
