#if NEXT_LEVEL
// The level after the product's, of a build that only tests use (configuration NextLevel): a cluster of the product is
// upgraded to it, so that the way of an upgrade is known to work before a level needs it.
//
// Its one change: a put has the layout of that level, which counts the bytes of key and value once more behind it. A key
// that begins with "next-level/" cannot be put in an older layout, as if it used something that only this level has.

using Raftd.State.Wire;

namespace Raftd.State.Commands;

public static partial class CommandCodec
{
    private const byte NextLayout = FeatureLevel.Newest;

    static partial void ChooseNext(Command command, int level, ref byte layout)
    {
        if (command is PutCommand put && (level >= NextLayout || put.Key.Span.StartsWith("next-level/"u8)))
        {
            layout = NextLayout;
        }
    }

    static partial void WriteNext(WireWriter writer, Command command, byte layout)
    {
        if (layout == NextLayout)
        {
            writer.Number(CountBytes(command));
        }
    }

    static partial void ReadNext(ref WireReader reader, Command? command, byte layout)
    {
        if (layout == NextLayout && reader.Number() != CountBytes(command))
        {
            reader.Refuse();
        }
    }

    /// <summary>-1 for what has no such layout.</summary>
    private static long CountBytes(Command? command) => command is PutCommand put ? put.Key.Length + put.Value.Length : -1;
}
#endif
