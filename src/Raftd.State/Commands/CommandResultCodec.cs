// Layout of a result, used between members (a follower forwards a command and gets this back) and as input of the hash
// chain. Numbers and bytes as in CommandCodec.
//
//   +---------+-----+----------+-----------------------------------+
//   | layout  | tag | revision | body, as the result's file has it |
//   | 1 byte  | 1 B |          |                                   |
//   +---------+-----+----------+-----------------------------------+
//
// The layout is the feature level that brought it (FeatureLevel).

using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>The second byte of a result. A number is never used again for something else.</summary>
internal enum ResultTag : byte
{
    Error = 0,
    Put = 1,
    DeleteRange = 2,
    LeaseGrant = 3,
    LeaseKeepAlive = 4,
    LeaseRevoke = 5,
    LeaseExpire = 6,
    Compact = 7,
    Done = 8,
    Txn = 9,
}

/// <summary>Reads what stands behind the revision. Never throws: what is wrong is refused by the reader.</summary>
internal delegate CommandResult ReadResult(ref WireReader reader, long revision);

/// <summary>Bytes to result and back. Decoding never throws.</summary>
public static class CommandResultCodec
{
    /// <summary>By tag.</summary>
    private static readonly ReadResult[] Readers =
    [
        ErrorResult.Read,
        PutResult.Read,
        DeleteRangeResult.Read,
        LeaseGrantResult.Read,
        LeaseKeepAliveResult.Read,
        LeaseRevokeResult.Read,
        LeaseExpireResult.Read,
        CompactResult.Read,
        static (ref _, revision) => new DoneResult(revision),
        TxnResult.Read,
    ];

    public static ReadOnlyMemory<byte> Encode(CommandResult result)
    {
        var writer = new WireWriter(result.SizeHint);
        Write(writer, result);
        return writer.Detach();
    }

    internal static void Write(WireWriter writer, CommandResult result)
    {
        WriteHead(writer, result, result.NeededLevel);
        result.WriteBody(writer);
    }

    /// <summary>As Write, without what no hash covers: that decides the layout too.</summary>
    internal static void WriteHashed(WireWriter writer, CommandResult result)
    {
        WriteHead(writer, result, FeatureLevel.First);
        result.WriteHashed(writer);
    }

    private static void WriteHead(WireWriter writer, CommandResult result, int layout)
    {
        writer.Byte((byte)layout);
        writer.Byte((byte)result.Tag);
        writer.Number(result.Revision);
    }

    /// <summary>Decodes a whole result. Byte memory of it is part of <paramref name="source"/>.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> source, out CommandResult result)
    {
        var reader = new WireReader(source);
        CommandResult? decoded = null;
        if (reader.Byte() is >= FeatureLevel.First and <= FeatureLevel.Newest)
        {
            var tag = reader.Byte();
            var revision = reader.Number();
            decoded = tag < Readers.Length ? Readers[tag](ref reader, revision) : null;
        }

        result = decoded!;
        return decoded is not null && reader.IsWhole;
    }
}
