// Layout of a command. Numbers are varints and byte strings carry their length (WireWriter); an optional number is
// absent unless its flag says so. There is no checksum: the log record and the peer frame around it have theirs.
//
//   +---------+-----+------------------------------------------------------------------------------------+
//   | layout  | tag | body                                                                               |
//   | 1 byte  | 1 B |                                                                                    |
//   +---------+-----+------------------------------------------------------------------------------------+
//   |    1    |  1  | Put             flags, key, value [lease, max keys] [hidden id, ttl s] [condition] |
//   |         |     |                 flags: 1 return previous, 2 lease, 4 hidden lease, 8 condition     |
//   |         |  2  | DeleteRange     flags, key, range end [condition]      flags: 8 condition          |
//   |         |  3  | LeaseGrant      flags, id, name, ttl s, kind           flags: 1 unique             |
//   |         |  4  | LeaseKeepAlive  flags, id [key] [data, max keys]       flags: 1 key, 2 data        |
//   |         |  5  | LeaseRevoke     id                                                                 |
//   |         |  6  | LeaseExpire     term, count, (id, generation)*, count, (id, generation, key, mod)* |
//   |         |  7  | LeaseCheckpoint term, count, (id, generation, remaining ms)*, count,               |
//   |         |     |                 (id, generation, key, mod, remaining ms)*                          |
//   |         |  8  | Compact         revision                                                           |
//   |         |  9  | AlarmRaise      kind, cause, member id                                             |
//   |         | 10  | AlarmClear      kind, cause, member id                                             |
//   |         | 11  | RaiseLevel      level, index of the configuration                                  |
//   +---------+-----+------------------------------------------------------------------------------------+
//   condition: flags (1 must exist, 2 must not exist, 4 mod revisions) [count, mod revision*]
//
// Tags are never used again for something else. The layout is the feature level that brought it (FeatureLevel): the
// level that a member must know, and the cluster must have, for the command to be in the log. In every layout that byte is
// the first.

using Raftd.Contract;
using Raftd.Store.Leases;
using Raftd.Store.Mvcc;

namespace Raftd.Store.Commands;

/// <summary>Bytes to command and back. Decoding never throws and allocates no more than the input justifies.</summary>
public static partial class CommandCodec
{
    private const byte PutTag = 1;
    private const byte DeleteRangeTag = 2;
    private const byte LeaseGrantTag = 3;
    private const byte LeaseKeepAliveTag = 4;
    private const byte LeaseRevokeTag = 5;
    private const byte LeaseExpireTag = 6;
    private const byte LeaseCheckpointTag = 7;
    private const byte CompactTag = 8;
    private const byte AlarmRaiseTag = 9;
    private const byte AlarmClearTag = 10;
    private const byte RaiseLevelTag = 11;

    private const byte ConditionFlag = 8;

    // Of a keepalive.
    private const byte KeyFlag = 1;
    private const byte DataFlag = 2;

    /// <summary>The level that a command needs; 1 for no bytes at all, which are no command at any level.</summary>
    public static int LevelOf(ReadOnlySpan<byte> command) => command.IsEmpty ? FeatureLevel.First : command[0];

    public static ReadOnlyMemory<byte> Encode(Command command) => Encode(command, FeatureLevel.First);

    /// <summary>In the newest layout that a cluster of this level reads; in an older one if the command has none so new, and
    /// in the one it needs if it cannot be said in an older one: then it is refused where it is proposed.</summary>
    public static ReadOnlyMemory<byte> Encode(Command command, int level)
    {
        byte layout = FeatureLevel.First;
        ChooseNext(command, level, ref layout);
        var writer = new WireWriter(SizeHint(command));
        writer.Byte(layout);
        switch (command)
        {
            case PutCommand put:
                Write(writer, put);
                break;
            case DeleteRangeCommand delete:
                Write(writer, delete);
                break;
            case LeaseGrantCommand grant:
                Write(writer, grant);
                break;
            case LeaseKeepAliveCommand keepAlive:
                Write(writer, keepAlive);
                break;
            case LeaseRevokeCommand revoke:
                writer.Byte(LeaseRevokeTag);
                writer.Number(revoke.Id);
                break;
            case LeaseExpireCommand expire:
                Write(writer, expire);
                break;
            case LeaseCheckpointCommand checkpoint:
                Write(writer, checkpoint);
                break;
            case CompactCommand compact:
                writer.Byte(CompactTag);
                writer.Number(compact.Revision);
                break;
            case AlarmCommand alarm:
                writer.Byte(alarm.Raise ? AlarmRaiseTag : AlarmClearTag);
                writer.Byte((byte)alarm.Alarm.Kind);
                writer.Byte((byte)alarm.Alarm.Cause);
                writer.Unsigned(alarm.Alarm.MemberId);
                break;
            case RaiseLevelCommand raise:
                writer.Byte(RaiseLevelTag);
                writer.Number(raise.Level);
                writer.Unsigned(raise.ConfigurationIndex);
                break;
            default:
                Invariant.Broken($"no encoding for {command.GetType().Name}");
                break;
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
            decoded = reader.Byte() switch
            {
                PutTag => ReadPut(ref reader),
                DeleteRangeTag => ReadDeleteRange(ref reader),
                LeaseGrantTag => ReadLeaseGrant(ref reader),
                LeaseKeepAliveTag => ReadLeaseKeepAlive(ref reader),
                LeaseRevokeTag => new LeaseRevokeCommand(reader.Number()),
                LeaseExpireTag => ReadLeaseExpire(ref reader),
                LeaseCheckpointTag => ReadLeaseCheckpoint(ref reader),
                CompactTag => new CompactCommand(reader.Number()),
                AlarmRaiseTag => ReadAlarm(ref reader, raise: true),
                AlarmClearTag => ReadAlarm(ref reader, raise: false),
                RaiseLevelTag => ReadRaiseLevel(ref reader),
                _ => null,
            };
            ReadNext(ref reader, decoded, layout);
        }

        command = decoded!;
        return decoded is not null && reader.IsWhole;
    }

    /// <summary>The logical bytes that a command adds at most, told from its head alone; 0 for what takes no room.</summary>
    /// <remarks>What the leader proposes of its own accord is not counted: it takes little, ends leases or frees history.</remarks>
    public static long MaxGrowth(ReadOnlySpan<byte> command)
    {
        if (command.Length < 3)
        {
            return 0;
        }

        return command[1] switch
        {
            PutTag => command.Length + RevisionRecord.OverheadBytes + LeaseRecord.OverheadBytes,
            LeaseGrantTag => command.Length + LeaseRecord.OverheadBytes,
            LeaseKeepAliveTag when (command[2] & DataFlag) != 0 =>
                command.Length + RevisionRecord.OverheadBytes + LeaseRules.MaxOwnKeyPrefixBytes,
            _ => 0,
        };
    }

    // The layouts above the first: none in the product, one in the build of the next level (CommandCodec.NextLevel.cs).
    static partial void ChooseNext(Command command, int level, ref byte layout);

    static partial void WriteNext(WireWriter writer, Command command, byte layout);

    static partial void ReadNext(ref WireReader reader, Command? command, byte layout);

    internal static bool IsAlarm(byte kind, byte cause) => Enum.IsDefined((AlarmKind)kind) && Enum.IsDefined((AlarmCause)cause);

    private static int SizeHint(Command command) => command switch
    {
        PutCommand put => put.Key.Length + put.Value.Length + 64,
        LeaseKeepAliveCommand keepAlive => (keepAlive.Key?.Length ?? 0) + (keepAlive.Data?.Length ?? 0) + 32,
        DeleteRangeCommand delete => delete.Key.Length + delete.RangeEnd.Length + 32,
        _ => 64,
    };

    private static void Write(WireWriter writer, PutCommand put)
    {
        writer.Byte(PutTag);
        writer.Byte((byte)(
            (put.ReturnPrevious ? 1 : 0)
            | (put.Lease != 0 ? 2 : 0)
            | (put.HiddenLease != 0 ? 4 : 0)
            | (put.Condition is not null ? ConditionFlag : 0)));
        writer.Bytes(put.Key.Span);
        writer.Bytes(put.Value.Span);
        if (put.Lease != 0)
        {
            writer.Number(put.Lease);
            writer.Number(put.MaxLeaseKeys);
        }

        if (put.HiddenLease != 0)
        {
            writer.Number(put.HiddenLease);
            writer.Number(put.HiddenTtlSeconds);
        }

        if (put.Condition is not null)
        {
            Write(writer, put.Condition);
        }
    }

    private static PutCommand ReadPut(ref WireReader reader)
    {
        var flags = Flags(ref reader, known: 15);
        var key = reader.Bytes();
        var value = reader.Bytes();
        var lease = (flags & 2) != 0 ? reader.Number() : 0;
        var maxLeaseKeys = (flags & 2) != 0 ? reader.Number() : 0;
        var hidden = (flags & 4) != 0 ? reader.Number() : 0;
        var ttl = (flags & 4) != 0 ? reader.Number() : 0;
        var condition = (flags & ConditionFlag) != 0 ? ReadCondition(ref reader) : null;
        if ((flags & 6) == 6)
        {
            reader.Refuse();
        }

        return new PutCommand(key, value, lease, hidden, ttl, (flags & 1) != 0, condition) { MaxLeaseKeys = maxLeaseKeys };
    }

    private static void Write(WireWriter writer, DeleteRangeCommand delete)
    {
        writer.Byte(DeleteRangeTag);
        writer.Byte(delete.Condition is not null ? ConditionFlag : (byte)0);
        writer.Bytes(delete.Key.Span);
        writer.Bytes(delete.RangeEnd.Span);
        if (delete.Condition is not null)
        {
            Write(writer, delete.Condition);
        }
    }

    private static DeleteRangeCommand ReadDeleteRange(ref WireReader reader)
    {
        var flags = Flags(ref reader, known: ConditionFlag);
        var key = reader.Bytes();
        var end = reader.Bytes();
        return new DeleteRangeCommand(key, end, flags != 0 ? ReadCondition(ref reader) : null);
    }

    private static void Write(WireWriter writer, LeaseGrantCommand grant)
    {
        writer.Byte(LeaseGrantTag);
        writer.Byte(grant.Unique ? (byte)1 : (byte)0);
        writer.Number(grant.Id);
        writer.Bytes(grant.Name.Span);
        writer.Number(grant.TtlSeconds);
        writer.Byte((byte)grant.Kind);
    }

    private static LeaseGrantCommand ReadLeaseGrant(ref WireReader reader)
    {
        var flags = Flags(ref reader, known: 1);
        var id = reader.Number();
        var name = reader.Bytes();
        var ttl = reader.Number();
        var kind = reader.Byte();
        if (kind > (byte)LeaseKind.Etcd)
        {
            reader.Refuse();
        }

        return new LeaseGrantCommand(id, name, ttl, flags != 0, (LeaseKind)kind);
    }

    private static void Write(WireWriter writer, LeaseKeepAliveCommand keepAlive)
    {
        writer.Byte(LeaseKeepAliveTag);
        writer.Byte((byte)((keepAlive.Key is null ? 0 : KeyFlag) | (keepAlive.Data is null ? 0 : DataFlag)));
        writer.Number(keepAlive.Id);
        if (keepAlive.Key is { } key)
        {
            writer.Bytes(key.Span);
        }

        if (keepAlive.Data is { } data)
        {
            writer.Bytes(data.Span);
            writer.Number(keepAlive.MaxLeaseKeys);
        }
    }

    private static LeaseKeepAliveCommand ReadLeaseKeepAlive(ref WireReader reader)
    {
        var flags = Flags(ref reader, known: KeyFlag | DataFlag);
        var id = reader.Number();
        // Not "? :" with null: a null array converts to empty memory, which is something else than no memory.
        ReadOnlyMemory<byte>? key = null;
        ReadOnlyMemory<byte>? data = null;
        var maxLeaseKeys = 0L;
        if ((flags & KeyFlag) != 0)
        {
            key = reader.Bytes();
        }

        if ((flags & DataFlag) != 0)
        {
            data = reader.Bytes();
            maxLeaseKeys = reader.Number();
        }

        return new LeaseKeepAliveCommand(id, key, data) { MaxLeaseKeys = maxLeaseKeys };
    }

    private static void Write(WireWriter writer, LeaseExpireCommand expire)
    {
        writer.Byte(LeaseExpireTag);
        writer.Unsigned(expire.Term);
        writer.Number(expire.Leases.Count);
        foreach (var lease in expire.Leases)
        {
            writer.Number(lease.Id);
            writer.Number(lease.Generation);
        }

        writer.Number(expire.Keys.Count);
        foreach (var key in expire.Keys)
        {
            writer.Number(key.Id);
            writer.Number(key.Generation);
            writer.Bytes(key.Key.Span);
            writer.Number(key.ModRevision);
        }
    }

    private static LeaseExpireCommand ReadLeaseExpire(ref WireReader reader)
    {
        var term = reader.Unsigned();
        var leases = new LeaseExpiry[reader.Count(minElementBytes: 2)];
        for (var i = 0; i < leases.Length && !reader.Failed; i++)
        {
            leases[i] = new LeaseExpiry(reader.Number(), reader.Number());
        }

        var keys = new LeaseKeyExpiry[reader.Count(minElementBytes: 4)];
        for (var i = 0; i < keys.Length && !reader.Failed; i++)
        {
            keys[i] = new LeaseKeyExpiry(reader.Number(), reader.Number(), reader.Bytes(), reader.Number());
        }

        return new LeaseExpireCommand(term, leases, keys);
    }

    private static void Write(WireWriter writer, LeaseCheckpointCommand checkpoint)
    {
        writer.Byte(LeaseCheckpointTag);
        writer.Unsigned(checkpoint.Term);
        writer.Number(checkpoint.Leases.Count);
        foreach (var lease in checkpoint.Leases)
        {
            writer.Number(lease.Id);
            writer.Number(lease.Generation);
            writer.Number(lease.RemainingMilliseconds);
        }

        writer.Number(checkpoint.Keys.Count);
        foreach (var key in checkpoint.Keys)
        {
            writer.Number(key.Id);
            writer.Number(key.Generation);
            writer.Bytes(key.Key.Span);
            writer.Number(key.ModRevision);
            writer.Number(key.RemainingMilliseconds);
        }
    }

    private static LeaseCheckpointCommand ReadLeaseCheckpoint(ref WireReader reader)
    {
        var term = reader.Unsigned();
        var leases = new LeaseRemaining[reader.Count(minElementBytes: 3)];
        for (var i = 0; i < leases.Length && !reader.Failed; i++)
        {
            leases[i] = new LeaseRemaining(reader.Number(), reader.Number(), reader.Number());
        }

        var keys = new LeaseKeyRemaining[reader.Count(minElementBytes: 5)];
        for (var i = 0; i < keys.Length && !reader.Failed; i++)
        {
            keys[i] = new LeaseKeyRemaining(
                reader.Number(), reader.Number(), reader.Bytes(), reader.Number(), reader.Number());
        }

        return new LeaseCheckpointCommand(term, leases, keys);
    }

    private static AlarmCommand ReadAlarm(ref WireReader reader, bool raise)
    {
        var kind = reader.Byte();
        var cause = reader.Byte();
        if (!IsAlarm(kind, cause))
        {
            reader.Refuse();
        }

        return new AlarmCommand(new Alarm((AlarmKind)kind, (AlarmCause)cause, reader.Unsigned()), raise);
    }

    private static RaiseLevelCommand ReadRaiseLevel(ref WireReader reader)
    {
        var level = reader.Number();
        if (level is < FeatureLevel.First or > byte.MaxValue)
        {
            reader.Refuse();
        }

        return new RaiseLevelCommand((int)level, reader.Unsigned());
    }

    private static void Write(WireWriter writer, Precondition condition)
    {
        writer.Byte((byte)(
            (condition.MustExist ? 1 : 0)
            | (condition.MustNotExist ? 2 : 0)
            | (condition.ModRevisions is null ? 0 : 4)));
        if (condition.ModRevisions is { } revisions)
        {
            writer.Number(revisions.Count);
            foreach (var revision in revisions)
            {
                writer.Number(revision);
            }
        }
    }

    private static Precondition ReadCondition(ref WireReader reader)
    {
        var flags = Flags(ref reader, known: 7);
        long[]? revisions = null;
        if ((flags & 4) != 0)
        {
            revisions = new long[reader.Count(minElementBytes: 1)];
            for (var i = 0; i < revisions.Length && !reader.Failed; i++)
            {
                revisions[i] = reader.Number();
            }
        }

        return new Precondition
        {
            MustExist = (flags & 1) != 0,
            MustNotExist = (flags & 2) != 0,
            ModRevisions = revisions,
        };
    }

    /// <summary>A flag that this version does not know would change the meaning: the command is refused.</summary>
    private static int Flags(ref WireReader reader, int known)
    {
        var flags = reader.Byte();
        if ((flags & ~known) != 0)
        {
            reader.Refuse();
        }

        return flags;
    }
}
