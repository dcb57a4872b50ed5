// Layout of a command. Numbers are varints and byte strings carry their length (WireWriter); what is optional is absent
// unless a flag says so. There is no checksum: the log record and the peer frame around it have theirs.
//
//   +---------+-----+------------------------------------+------------------------+
//   | layout  | tag | body, as the command's file has it | caller, from layout 2  |
//   | 1 byte  | 1 B |                                    | kind 1 B, a user: name |
//   +---------+-----+------------------------------------+------------------------+
//
// A command of nobody that level 1 knows has layout 1 at every level, and costs no byte for its caller. What the system proposes has layout 1
// while the cluster's level is 1: there are no rights yet that apply could hold it against. What a user asks needs level 2,
// since an older member would take it for nobody's.
//
// The layout is the feature level that brought it (FeatureLevel): the level that a member must know, and the cluster must
// have, for the command to be in the log. In every layout that byte is the first.

using Raftd.Contract;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Bytes to command and back. Decoding never throws and allocates no more than the input justifies.</summary>
public static partial class CommandCodec
{
    /// <summary>The level that a command needs; 1 for no bytes at all, which are no command at any level.</summary>
    public static int LevelOf(ReadOnlySpan<byte> command) => command.IsEmpty ? FeatureLevel.First : command[0];

    /// <summary>In the newest layout that a cluster of this level reads; in an older one if the command has none so new, and
    /// in the one it needs if it cannot be said in an older one: then it is refused where it is proposed.</summary>
    public static ReadOnlyMemory<byte> Encode(Command command, int level)
    {
        var layout = Math.Max(LayoutOf(command.Caller, level), (byte)command.NeededLevel);
        ChooseNext(command, level, ref layout);
        var writer = new WireWriter(command.SizeHint);
        writer.Byte(layout);
        writer.Byte((byte)command.Tag);
        command.WriteBody(writer);
        if (layout >= FeatureLevel.Callers)
        {
            CallerCodec.Write(writer, command.Caller);
        }

        WriteNext(writer, command, layout);
        return writer.Detach();
    }

    /// <summary>Decodes a whole command. Byte memory of the result is part of <paramref name="source"/>.</summary>
    /// <returns>False for anything that Encode did not write, an unknown layout or tag included.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> source, out Command command)
    {
        var reader = new WireReader(source);
        Command? decoded = null;
        var layout = reader.Byte();
        if (layout is >= FeatureLevel.First and <= FeatureLevel.Newest)
        {
            decoded = CommandTable.Find(reader.Byte())?.Read(ref reader);
            if (layout >= FeatureLevel.Callers && decoded is not null && !reader.Failed)
            {
                decoded = decoded with { Caller = CallerCodec.Read(ref reader) };
            }

            ReadNext(ref reader, decoded, layout);
        }

        command = decoded!;
        return decoded is not null && reader.IsWhole && decoded.NeededLevel <= layout;
    }

    /// <summary>The logical bytes that a command adds at most, told from its head alone; 0 for what takes no room.</summary>
    public static long MaxGrowth(ReadOnlySpan<byte> command) =>
        command.Length < 3 ? 0 : CommandTable.Find(command[1])?.MaxGrowth(command) ?? 0;

    private static byte LayoutOf(Caller caller, int level) => caller.Kind switch
    {
        CallerKind.Nobody => FeatureLevel.First,
        CallerKind.System when level < FeatureLevel.Callers => FeatureLevel.First,
        _ => FeatureLevel.Callers,
    };

    // The layouts above the released ones: none in the product, one in the build of the next level (CommandCodec.NextLevel.cs).
    static partial void ChooseNext(Command command, int level, ref byte layout);

    static partial void WriteNext(WireWriter writer, Command command, byte layout);

    static partial void ReadNext(ref WireReader reader, Command? command, byte layout);
}
