// Raises or clears an alarm: two tags, one body.
//
//   command: kind (1 byte), cause (1 byte), member id
//   result:  done

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

public sealed record AlarmCommand(Alarm Alarm, bool Raise) : Command
{
    internal static readonly CommandForm RaiseForm = new(
        CommandTag.AlarmRaise, static (ref reader) => Read(ref reader, raise: true));

    internal static readonly CommandForm ClearForm = new(
        CommandTag.AlarmClear, static (ref reader) => Read(ref reader, raise: false));

    internal override CommandTag Tag => Raise ? CommandTag.AlarmRaise : CommandTag.AlarmClear;

    /// <summary>Whether these two numbers name an alarm, where they are read.</summary>
    public static bool IsAlarm(byte kind, byte cause) => Enum.IsDefined((AlarmKind)kind) && Enum.IsDefined((AlarmCause)cause);

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)Alarm.Kind);
        writer.Byte((byte)Alarm.Cause);
        writer.Unsigned(Alarm.MemberId);
    }

    internal override CommandResult? Check(WorkingState state) => null;

    internal override CommandResult Execute(WorkingState state)
    {
        var alarms = new List<Alarm>(state.Alarms);
        alarms.Remove(Alarm);
        if (Raise)
        {
            alarms.Add(Alarm);
            alarms.Sort();
        }

        state.Alarms = [.. alarms];
        state.Hash.Add(((ulong)Alarm.Cause << 16) | ((ulong)Alarm.Kind << 1) | (Raise ? 1UL : 0), Alarm.MemberId);
        return new DoneResult(state.Keyspace.Revision);
    }

    private static AlarmCommand Read(ref WireReader reader, bool raise)
    {
        var kind = reader.Byte();
        var cause = reader.Byte();
        if (!IsAlarm(kind, cause))
        {
            reader.Refuse();
        }

        return new AlarmCommand(new Alarm((AlarmKind)kind, (AlarmCause)cause, reader.Unsigned()), raise);
    }
}
