// Layout of a lease: the value of its pair in the leases bucket, whose key is the id (8 bytes, big-endian), and part of what
// a row of the log says of leases.
//
//           +--------+-------+------+---------------+------------+--------------------+----------------------------+
//           | format | flags | kind | ttl (seconds) | generation | renewed generation | [checkpoint, milliseconds] |
//           | 1 byte | 1 B   | 1 B  | number        | number     | number             | number                     |
//           +--------+-------+------+---------------+------------+--------------------+----------------------------+
//           [floor: milliseconds, generation, revision], name (length + bytes)
//           format: 2.  flags: 1 alive, 2 hidden, 4 has a checkpoint, 8 has a floor.  Numbers are varints (WireWriter).
//
// Which keys a lease has is not stored here: the newest record of a key names its lease. What is stored of one key is a
// pair of its own (LeaseKeyRecord), so that an entry about one key of 100 000 costs what an entry about one key costs.

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Leases;

/// <summary>A lease to bytes and back; its id stands elsewhere.</summary>
internal static class LeaseCodec
{
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

    public static void WriteTo(WireWriter writer, LeaseRecord lease)
    {
        writer.Byte(Format);
        writer.Byte((byte)(
            (lease.Status == LeaseStatus.Alive ? RecordFlags.Alive : 0)
            | (lease.Hidden ? RecordFlags.Hidden : 0)
            | (lease.HasCheckpoint ? RecordFlags.Checkpoint : 0)
            | (lease.Floor is not null ? RecordFlags.Floor : 0)));
        writer.Byte((byte)lease.Kind);
        writer.Number(lease.TtlSeconds);
        writer.Number(lease.Generation);
        writer.Number(lease.RenewedGeneration);
        if (lease.HasCheckpoint)
        {
            writer.Number(lease.CheckpointMilliseconds);
        }

        if (lease.Floor is { } floor)
        {
            writer.Number(floor.RemainingMilliseconds);
            writer.Number(floor.Generation);
            writer.Number(floor.Revision);
        }

        writer.Bytes(lease.Name);
    }

    /// <returns>False where the bytes are not what WriteTo wrote.</returns>
    public static bool TryRead(long id, ReadOnlySpan<byte> source, out LeaseRecord lease)
    {
        var reader = new WireReader(source);
        var format = reader.Byte();
        var flags = (RecordFlags)reader.Byte();
        lease = new LeaseRecord
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
        return format == Format && reader.IsWhole;
    }
}
