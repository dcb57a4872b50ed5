// What a row of the log says of leases and alarms, so that each front follows without a look at their tables.
//
//   +--------+---------------+-------------------+--------------------+-----------------------+--------------------------+
//   | format | count, step * | count, change *   | 0, or 1 and alarms | step: kind (1 byte), lease id, by kind:           |
//   | 1 byte |               | (for the lessor)  |                    |   lease | - | key, record | key | key, record |   |
//   |        |               |                   |                    |   key and range end                               |
//   +--------+---------------+-------------------+--------------------+---------------------------------------------------+
//   change:  kind (1 byte), flags (1 lease, 2 key, 4 record), lease id, term, [lease] [key] [record]
//   lease:   length + LeaseCodec.     record:  own deadline (1 byte), mod revision, generation, milliseconds left + 1
//   alarms:  count, (kind (1 byte), cause (1 byte), member id) *
//   format:  1.  Numbers are varints (WireWriter).
//
// A range whose keys were deleted as a set may have had a million of them attached. The row names the range, and each front finds the
// keys and the changes in its own leases, which are the same on all.

using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.Sql.Evaluation;

/// <param name="Steps">Of the table of leases, in order.</param>
/// <param name="Changes">What happened to leases, for the front that keeps their time.</param>
/// <param name="Alarms">All that stand now; null where none was raised or cleared.</param>
internal sealed record RowDeltas(IReadOnlyList<LeaseStep> Steps, List<LeaseChange> Changes, Alarm[]? Alarms)
{
    private const byte Format = 1;

    [Flags]
    private enum ChangeFlags : byte
    {
        None = 0,
        Lease = 1,
        Key = 2,
        Record = 4,
        All = Lease | Key | Record,
    }

    public bool IsEmpty => Steps.Count == 0 && Changes.Count == 0 && Alarms is null;

    public ReadOnlyMemory<byte> Encode()
    {
        if (IsEmpty)
        {
            return ReadOnlyMemory<byte>.Empty;
        }

        var writer = new WireWriter();
        writer.Byte(Format);
        writer.Number(Steps.Count);
        foreach (var step in Steps)
        {
            Write(writer, step);
        }

        writer.Number(Changes.Count);
        Changes.ForEach(change => Write(writer, change));
        writer.Byte(Alarms is null ? (byte)0 : (byte)1);
        if (Alarms is not null)
        {
            WriteAlarms(writer, Alarms);
        }

        return writer.Detach();
    }

    /// <returns>False for what Encode did not write.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> source, out RowDeltas deltas)
    {
        if (source.IsEmpty)
        {
            deltas = new RowDeltas([], [], Alarms: null);
            return true;
        }

        var reader = new WireReader(source);
        if (reader.Byte() != Format)
        {
            reader.Refuse();
        }

        var steps = new LeaseStep[reader.Count(minElementBytes: 2)];
        for (var i = 0; i < steps.Length && !reader.Failed; i++)
        {
            steps[i] = ReadStep(ref reader);
        }

        var changes = new LeaseChange[reader.Count(minElementBytes: 4)];
        for (var i = 0; i < changes.Length && !reader.Failed; i++)
        {
            changes[i] = ReadChange(ref reader);
        }

        deltas = new RowDeltas(steps, [.. changes], reader.Flags(1) == 1 ? ReadAlarms(ref reader) : null);
        return reader.IsWhole;
    }

    /// <summary>As they stand in `meta`.</summary>
    public static byte[] EncodeAlarms(Alarm[] alarms)
    {
        var writer = new WireWriter();
        WriteAlarms(writer, alarms);
        return writer.Written.ToArray();
    }

    public static bool TryDecodeAlarms(ReadOnlyMemory<byte> source, out Alarm[] alarms)
    {
        var reader = new WireReader(source);
        alarms = ReadAlarms(ref reader);
        return reader.IsWhole;
    }

    private static void Write(WireWriter writer, LeaseStep step)
    {
        writer.Byte((byte)step.Kind);
        writer.Number(step.Id);
        if (step.Lease is { } lease)
        {
            Write(writer, lease);
        }

        if (step.Key is { } key)
        {
            writer.Bytes(key);
        }

        if (step.Record is { } record)
        {
            Write(writer, record);
        }

        if (step.Range is { } range)
        {
            writer.Bytes(range.Low.Span);
            writer.Bytes(range.End.Span);
        }
    }

    private static LeaseStep ReadStep(ref WireReader reader)
    {
        var kind = (LeaseStepKind)reader.Byte();
        var id = reader.Number();
        if (!Enum.IsDefined(kind))
        {
            reader.Refuse();
        }

        var lease = kind == LeaseStepKind.Set ? ReadLease(ref reader, id) : null;
        var key = kind is LeaseStepKind.Attached or LeaseStepKind.Detached or LeaseStepKind.Stored ? reader.Bytes().ToArray() : null;
        var record = kind is LeaseStepKind.Attached or LeaseStepKind.Stored ? ReadRecord(ref reader) : null;
        var range = kind == LeaseStepKind.RangeDetached ? ReadRange(ref reader) : (KeyRange?)null;
        return new LeaseStep(kind, id, lease, key, record, range);
    }

    private static KeyRange ReadRange(ref WireReader reader)
    {
        var low = reader.Bytes().ToArray();
        return new KeyRange(low, reader.Bytes().ToArray());
    }

    private static void Write(WireWriter writer, LeaseChange change)
    {
        writer.Byte((byte)change.Kind);
        writer.Byte((byte)(
            (change.Lease is null ? 0 : ChangeFlags.Lease)
            | (change.Key is null ? 0 : ChangeFlags.Key)
            | (change.KeyRecord is null ? 0 : ChangeFlags.Record)));
        writer.Number(change.Id);
        writer.Unsigned(change.Term);
        if (change.Lease is { } lease)
        {
            Write(writer, lease);
        }

        if (change.Key is { } key)
        {
            writer.Bytes(key);
        }

        if (change.KeyRecord is { } record)
        {
            Write(writer, record);
        }
    }

    private static LeaseChange ReadChange(ref WireReader reader)
    {
        var kind = (LeaseChangeKind)reader.Byte();
        var flags = (ChangeFlags)reader.Flags((byte)ChangeFlags.All);
        var id = reader.Number();
        var term = reader.Unsigned();
        if (!Enum.IsDefined(kind))
        {
            reader.Refuse();
        }

        var lease = flags.HasFlag(ChangeFlags.Lease) ? ReadLease(ref reader, id) : null;
        var key = flags.HasFlag(ChangeFlags.Key) ? reader.Bytes().ToArray() : null;
        var record = flags.HasFlag(ChangeFlags.Record) ? ReadRecord(ref reader) : null;
        return new LeaseChange(kind, id, lease, key, record, term);
    }

    private static void Write(WireWriter writer, LeaseRecord lease)
    {
        var encoded = new WireWriter();
        LeaseCodec.WriteTo(encoded, lease);
        writer.Bytes(encoded.Written);
    }

    private static LeaseRecord? ReadLease(ref WireReader reader, long id)
    {
        if (LeaseCodec.TryRead(id, reader.Bytes().Span, out var lease))
        {
            return lease;
        }

        reader.Refuse();
        return null;
    }

    private static void Write(WireWriter writer, LeaseKeyRecord record)
    {
        writer.Byte(record.OwnDeadline ? (byte)1 : (byte)0);
        writer.Number(record.ModRevision);
        writer.Number(record.Generation);
        writer.Number(record.RemainingMilliseconds + 1);
    }

    private static LeaseKeyRecord ReadRecord(ref WireReader reader) => new(reader.Flags(1) == 1, reader.Number())
    {
        Generation = reader.Number(),
        RemainingMilliseconds = reader.Number() - 1,
    };

    private static void WriteAlarms(WireWriter writer, Alarm[] alarms)
    {
        writer.Number(alarms.Length);
        foreach (var alarm in alarms)
        {
            writer.Byte((byte)alarm.Kind);
            writer.Byte((byte)alarm.Cause);
            writer.Unsigned(alarm.MemberId);
        }
    }

    private static Alarm[] ReadAlarms(ref WireReader reader)
    {
        var alarms = new Alarm[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < alarms.Length && !reader.Failed; i++)
        {
            var (kind, cause) = (reader.Byte(), reader.Byte());
            if (!AlarmCommand.IsAlarm(kind, cause))
            {
                reader.Refuse();
            }

            alarms[i] = new Alarm((AlarmKind)kind, (AlarmCause)cause, reader.Unsigned());
        }

        return alarms;
    }
}
