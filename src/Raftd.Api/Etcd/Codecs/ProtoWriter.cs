// One message of Protobuf, written straight into a pipe. Lengths stand in front of what they count, so each message says its
// size before it is written (ProtoSize); what does not fit it would be read as the beginning of the next one, so End holds
// the two against each other. As in the generated messages, what is 0, false or empty is left out.

using System.Buffers;
using System.Numerics;
using Google.Protobuf;

namespace Raftd.Api.Etcd.Codecs;

/// <param name="output">Gets the bytes; what it has given is used up from piece to piece.</param>
internal ref struct ProtoWriter(IBufferWriter<byte> output)
{
    private const int Varint = 0;
    private const int LengthDelimited = 2;

    private Span<byte> _free;
    private int _used;
    private long _written;

    /// <summary>Writes a whole message.</summary>
    /// <param name="output">Gets it.</param>
    /// <param name="answer">The message.</param>
    /// <param name="bytes">What it says that it has.</param>
    public static void Write<TAnswer>(IBufferWriter<byte> output, TAnswer answer, int bytes)
        where TAnswer : struct, IEncodedAnswer
    {
        var writer = new ProtoWriter(output);
        answer.WriteTo(ref writer);
        writer.End(bytes);
    }

    public void Number(int field, long value)
    {
        if (value != 0)
        {
            Tag(field, Varint);
            Raw((ulong)value);
        }
    }

    public void Number(int field, ulong value) => Number(field, (long)value);

    public void Flag(int field, bool value) => Number(field, value ? 1L : 0L);

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty)
        {
            return;
        }

        Message(field, value.Length);
        while (!value.IsEmpty)
        {
            MakeRoom(1);
            var fits = Math.Min(value.Length, _free.Length - _used);
            value[..fits].CopyTo(_free[_used..]);
            _used += fits;
            value = value[fits..];
        }
    }

    /// <summary>Begins a message within this one; its fields come next.</summary>
    public void Message(int field, int bytes)
    {
        Tag(field, LengthDelimited);
        Raw((uint)bytes);
    }

    /// <summary>The fields of a generated message.</summary>
    public void Fields(IMessage message, int bytes)
    {
        HandOut();
        message.WriteTo(output);
        _written += bytes;
    }

    private void End(int announcedBytes)
    {
        HandOut();
        Invariant.Check(
            _written == announcedBytes, $"a message of {announcedBytes} bytes was announced, and {_written} were written");
    }

    private void Tag(int field, int wireType) => Raw((uint)((field << 3) | wireType));

    private void Raw(ulong value)
    {
        MakeRoom(ProtoSize.MaxVarint);
        for (; value >= 0x80; value >>= 7)
        {
            _free[_used++] = (byte)(value | 0x80);
        }

        _free[_used++] = (byte)value;
    }

    private void MakeRoom(int bytes)
    {
        if (_free.Length - _used < bytes)
        {
            HandOut();
            _free = output.GetSpan(bytes);
        }
    }

    private void HandOut()
    {
        output.Advance(_used);
        _written += _used;
        _free = [];
        _used = 0;
    }
}

/// <summary>What a field takes, with its tag; nothing where it is left out.</summary>
internal static class ProtoSize
{
    public const int MaxVarint = 10;

    public static int Number(int field, long value) => value == 0 ? 0 : Tag(field) + Varint((ulong)value);

    public static int Number(int field, ulong value) => Number(field, (long)value);

    public static int Flag(int field, bool value) => value ? Tag(field) + 1 : 0;

    public static int Bytes(int field, int length) => length == 0 ? 0 : Message(field, length);

    /// <summary>A message is never left out.</summary>
    public static int Message(int field, int bytes) => Tag(field) + Varint((uint)bytes) + bytes;

    private static int Tag(int field) => Varint((uint)field << 3);

    private static int Varint(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;
}
