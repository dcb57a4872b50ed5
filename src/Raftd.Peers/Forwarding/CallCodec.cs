// What travels between a follower and its leader on the streams of calls, as payloads of frames (PeerFrame):
//
//   Calls, from the follower: items, one behind the other
//     0  u64  id: of the follower's choice, repeated in the answer                     little-endian
//     8  u32  milliseconds that the caller still waits
//    12  u8   length n of the name, below 128; 0 for a proposal; 128 more: a caller follows the name (feature level 2)
//    13  u32  length m of the body
//    17  n    name, ASCII
//        ..   caller, where there is one (CallerCodec); none is nobody. A proposal has it in its command.
//        m    body: a command, or the request as JSON
//
//   Answer, from the leader: one item
//     0  u64  id
//     8  u8   0 done, 1 refused, 2 not the leader (surely not done), 3 lost (the outcome is unknown)
//     9  ..   the result as bytes, or as JSON, the refusal as JSON, or the reason as text
//
// A batch holds at most MaxItems items and MaxBytes bytes, or one item of any size. Lengths are believed only as far as
// bytes have come.

using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Wire;

namespace Raftd.Peers.Forwarding;

internal enum AnswerKind : byte
{
    Done = 0,
    Refused = 1,
    NotLeader = 2,
    Lost = 3,
}

internal static class CallCodec
{
    public const int MaxItems = 256;
    public const int MaxBytes = 1 << 20;
    public const int AnswerHeaderBytes = 9;

    private const int ItemHeaderBytes = 17;
    private const byte CallerFlag = 0x80;

    public static int SizeOf(LeaderRequest request, ReadOnlySpan<byte> caller, ReadOnlySpan<byte> body) =>
        ItemHeaderBytes + request.Call.Length + caller.Length + body.Length;

    /// <summary>The caller as an item carries it: nothing for nobody, and nothing that an older leader could not read. A cluster
    /// below that level has no rights that a caller could be held against.</summary>
    public static ReadOnlySpan<byte> CallerOf(LeaderRequest request, int level)
    {
        if (request.Caller.Kind == CallerKind.Nobody || level < FeatureLevel.Callers)
        {
            return default;
        }

        var writer = new WireWriter(2 + Bounds.MaxUserNameBytes);
        CallerCodec.Write(writer, request.Caller);
        return writer.Detach().Span;
    }

    public static void WriteItem(
        IBufferWriter<byte> output, LeaderRequest request, ReadOnlySpan<byte> caller, ReadOnlySpan<byte> body, TimeSpan left)
    {
        var head = output.GetSpan(ItemHeaderBytes + request.Call.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(head, request.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(head[8..], (uint)Math.Clamp(left.TotalMilliseconds, 0, uint.MaxValue));
        head[12] = (byte)(request.Call.Length | (caller.IsEmpty ? 0 : CallerFlag));
        BinaryPrimitives.WriteInt32LittleEndian(head[13..], body.Length);
        Encoding.ASCII.GetBytes(request.Call, head[ItemHeaderBytes..]);
        output.Advance(ItemHeaderBytes + request.Call.Length);
        output.Write(caller);
        output.Write(body);
    }

    /// <summary>Takes the first item off the batch.</summary>
    /// <exception cref="InvalidDataException">It is cut.</exception>
    public static CallItem ReadItem(ref ReadOnlySpan<byte> batch)
    {
        if (batch.Length < ItemHeaderBytes)
        {
            throw new InvalidDataException($"{batch.Length} bytes are no call");
        }

        var nameBytes = batch[12] & ~CallerFlag;
        var bodyBytes = BinaryPrimitives.ReadUInt32LittleEndian(batch[13..]);
        if (nameBytes + (long)bodyBytes > batch.Length - ItemHeaderBytes)
        {
            throw new InvalidDataException($"a call of {bodyBytes} bytes is cut short");
        }

        var id = BinaryPrimitives.ReadUInt64LittleEndian(batch);
        var left = TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt32LittleEndian(batch[8..]));
        var name = Encoding.ASCII.GetString(batch.Slice(ItemHeaderBytes, nameBytes));
        var hasCaller = (batch[12] & CallerFlag) != 0;
        batch = batch[(ItemHeaderBytes + nameBytes)..];
        var caller = hasCaller ? ReadCaller(ref batch) : Caller.Nobody;
        if (bodyBytes > batch.Length)
        {
            throw new InvalidDataException($"a call of {bodyBytes} bytes is cut short behind its caller");
        }

        var item = new CallItem(id, left, name, caller, batch[..(int)bodyBytes].ToArray());
        batch = batch[(int)bodyBytes..];
        return item;
    }

    private static Caller ReadCaller(ref ReadOnlySpan<byte> batch)
    {
        var reader = new WireReader(batch);
        var caller = CallerCodec.Read(ref reader);
        if (reader.Failed)
        {
            throw new InvalidDataException("a call's caller cannot be read");
        }

        batch = batch[reader.Position..];
        return caller;
    }

    /// <param name="destination">AnswerHeaderBytes.</param>
    /// <param name="id">Of the item.</param>
    /// <param name="kind">What the body is.</param>
    public static void WriteAnswerHead(Span<byte> destination, ulong id, AnswerKind kind)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, id);
        destination[8] = (byte)kind;
    }

    /// <exception cref="InvalidDataException">It is no answer.</exception>
    public static ReadOnlySpan<byte> ReadAnswer(ReadOnlySpan<byte> payload, out ulong id, out AnswerKind kind)
    {
        if (payload.Length < AnswerHeaderBytes || payload[8] > (byte)AnswerKind.Lost)
        {
            throw new InvalidDataException($"{payload.Length} bytes are no answer");
        }

        id = BinaryPrimitives.ReadUInt64LittleEndian(payload);
        kind = (AnswerKind)payload[8];
        return payload[AnswerHeaderBytes..];
    }
}

/// <summary>An item as the leader gets it.</summary>
/// <param name="Id">Repeated in the answer.</param>
/// <param name="Left">What its caller still waits.</param>
/// <param name="Call">Empty for a proposal.</param>
/// <param name="Caller">Who asks, as the other member says.</param>
/// <param name="Body">A copy: it goes into the log.</param>
internal readonly record struct CallItem(ulong Id, TimeSpan Left, string Call, Caller Caller, ReadOnlyMemory<byte> Body);
