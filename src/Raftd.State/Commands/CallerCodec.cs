using System.Text;
using System.Text.Unicode;
using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>A caller as bytes, in commands and in calls between members: its kind (1 byte), and of a user the name.</summary>
public static class CallerCodec
{
    public static void Write(WireWriter writer, Caller caller)
    {
        writer.Byte((byte)caller.Kind);
        if (caller.Kind == CallerKind.User)
        {
            writer.Bytes(Encoding.UTF8.GetBytes(caller.Name));
        }
    }

    /// <returns>Nobody, with the reader refused, for what Write did not write.</returns>
    public static Caller Read(ref WireReader reader)
    {
        switch ((CallerKind)reader.Byte())
        {
            case CallerKind.Nobody:
                return Caller.Nobody;
            case CallerKind.System:
                return Caller.System;
            case CallerKind.User when TryReadName(ref reader, out var name):
                return Caller.User(name);
            default:
                reader.Refuse();
                return Caller.Nobody;
        }
    }

    private static bool TryReadName(ref WireReader reader, out string name)
    {
        var bytes = reader.SpanBytes();
        name = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : "";
        return Caller.IsUserName(name);
    }
}
