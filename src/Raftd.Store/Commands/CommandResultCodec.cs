// Layout of a result, used between members (a follower forwards a command and gets this back) and as input of the hash
// chain. Numbers and bytes as in CommandCodec.
//
//   +---------+-----+----------------------------------------------------------+
//   | layout  | tag | revision, then                                           |
//   | 1 byte  | 1 B |                                                          |
//   +---------+-----+----------------------------------------------------------+
//   |    1    |  0  | Error           error, subject, bound                    |
//   |         |  1  | Put             flags [key value]                        |
//   |         |     |                 flags: 1 succeeded, 2 previous           |
//   |         |  2  | DeleteRange     succeeded, deleted                       |
//   |         |  3  | LeaseGrant      id, ttl s                                |
//   |         |  4  | LeaseKeepAlive  id, ttl s                                |
//   |         |  5  | LeaseRevoke     deleted keys                             |
//   |         |  6  | LeaseExpire     expired leases, deleted keys             |
//   |         |  7  | Compact         compact revision                         |
//   |         |  8  | Done                                                     |
//   +---------+-----+----------------------------------------------------------+
//   key value: key, value, create revision, mod revision, version, lease
//
// The layout is the feature level that brought it (FeatureLevel). No result has words that are made by a build: they would
// be in the hash.

using Raftd.Contract;

namespace Raftd.Store.Commands;

/// <summary>Bytes to result and back. Decoding never throws.</summary>
public static class CommandResultCodec
{
    private const byte Layout = 1;

    public static ReadOnlyMemory<byte> Encode(CommandResult result)
    {
        var previous = (result as PutResult)?.Previous;
        var writer = new WireWriter(64 + (previous is null ? 0 : previous.Key.Length + previous.Value.Length));
        Write(writer, result);
        return writer.Detach();
    }

    internal static void Write(WireWriter writer, CommandResult result)
    {
        writer.Byte(Layout);
        switch (result)
        {
            case ErrorResult error:
                Head(writer, 0, result);
                writer.Byte((byte)error.Error);
                writer.Number(error.Subject);
                writer.Number(error.Bound);
                break;
            case PutResult put:
                Head(writer, 1, result);
                Write(writer, put);
                break;
            case DeleteRangeResult delete:
                Head(writer, 2, result);
                writer.Byte(delete.Succeeded ? (byte)1 : (byte)0);
                writer.Number(delete.Deleted);
                break;
            case LeaseGrantResult grant:
                Head(writer, 3, result);
                writer.Number(grant.Id);
                writer.Number(grant.TtlSeconds);
                break;
            case LeaseKeepAliveResult keepAlive:
                Head(writer, 4, result);
                writer.Number(keepAlive.Id);
                writer.Number(keepAlive.TtlSeconds);
                break;
            case LeaseRevokeResult revoke:
                Head(writer, 5, result);
                writer.Number(revoke.DeletedKeys);
                break;
            case LeaseExpireResult expire:
                Head(writer, 6, result);
                writer.Number(expire.ExpiredLeases);
                writer.Number(expire.DeletedKeys);
                break;
            case CompactResult compact:
                Head(writer, 7, result);
                writer.Number(compact.CompactRevision);
                break;
            case DoneResult:
                Head(writer, 8, result);
                break;
            default:
                Invariant.Broken($"no encoding for {result.GetType().Name}");
                break;
        }
    }

    /// <summary>Decodes a whole result. Byte memory of it is part of <paramref name="source"/>.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> source, out CommandResult result)
    {
        var reader = new WireReader(source);
        CommandResult? decoded = null;
        if (reader.Byte() == Layout)
        {
            var tag = reader.Byte();
            var revision = reader.Number();
            decoded = tag switch
            {
                0 => ReadError(ref reader, revision),
                1 => ReadPut(ref reader, revision),
                2 => new DeleteRangeResult(revision, reader.Byte() != 0, reader.Number()),
                3 => new LeaseGrantResult(revision, reader.Number(), reader.Number()),
                4 => new LeaseKeepAliveResult(revision, reader.Number(), reader.Number()),
                5 => new LeaseRevokeResult(revision, reader.Number()),
                6 => new LeaseExpireResult(revision, reader.Number(), reader.Number()),
                7 => new CompactResult(revision, reader.Number()),
                8 => new DoneResult(revision),
                _ => null,
            };
        }

        result = decoded!;
        return decoded is not null && reader.IsWhole;
    }

    private static void Head(WireWriter writer, byte tag, CommandResult result)
    {
        writer.Byte(tag);
        writer.Number(result.Revision);
    }

    private static ErrorResult ReadError(ref WireReader reader, long revision)
    {
        var error = reader.Byte();
        if (error is 0 or > (byte)ApplyError.MembersChanged)
        {
            reader.Refuse();
        }

        return new ErrorResult(revision, (ApplyError)error, reader.Number(), reader.Number());
    }

    private static void Write(WireWriter writer, PutResult put)
    {
        writer.Byte((byte)((put.Succeeded ? 1 : 0) | (put.Previous is null ? 0 : 2)));
        if (put.Previous is { } previous)
        {
            writer.Bytes(previous.Key.Span);
            writer.Bytes(previous.Value.Span);
            writer.Number(previous.CreateRevision);
            writer.Number(previous.ModRevision);
            writer.Number(previous.Version);
            writer.Number(previous.Lease);
        }
    }

    private static PutResult ReadPut(ref WireReader reader, long revision)
    {
        var flags = reader.Byte();
        if (flags > 3)
        {
            reader.Refuse();
        }

        var previous = (flags & 2) == 0 ? null : new KeyValue
        {
            Key = reader.Bytes(),
            Value = reader.Bytes(),
            CreateRevision = reader.Number(),
            ModRevision = reader.Number(),
            Version = reader.Number(),
            Lease = reader.Number(),
        };
        return new PutResult(revision, (flags & 1) != 0, previous);
    }
}
