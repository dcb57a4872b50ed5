// One message of Protobuf, read where it stands: no message object, no copies of its bytes. For the calls that a server is
// asked most; the others use the generated messages, and this takes and refuses exactly what those do.
//
// Loop over Next, and ask for the field's value with the method of its type. A field that comes with another wire type is
// an unknown one, and skipped, as Protobuf has it; of a field that comes twice the last one counts.

using System.Diagnostics.CodeAnalysis;

namespace Raftd.Api.Etcd.Codecs;

internal ref struct ProtoReader
{
    // Google.Protobuf's own limit.
    private const int MaxDepth = 100;

    private readonly ReadOnlyMemory<byte> _message;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly int _depth;
    private int _at;
    private WireType _type;

    /// <param name="message">Without head or length.</param>
    /// <param name="depth">How many messages this one is nested in.</param>
    public ProtoReader(ReadOnlyMemory<byte> message, int depth = 0)
    {
        _message = message;
        _bytes = message.Span;
        _depth = depth;
    }

    private enum WireType
    {
        Varint = 0,
        Fixed64 = 1,
        LengthDelimited = 2,
        StartGroup = 3,
        EndGroup = 4,
        Fixed32 = 5,
    }

    /// <summary>The number of the field that Next has found.</summary>
    public int Field { get; private set; }

    /// <returns>False at the end of the message.</returns>
    /// <exception cref="EtcdException">The message is malformed, as in all methods here.</exception>
    public bool Next()
    {
        if (_at == _bytes.Length)
        {
            return false;
        }

        var tag = (uint)Varint();
        (Field, _type) = ((int)(tag >> 3), (WireType)(tag & 7));
        if (Field == 0)
        {
            ThrowMalformed("a field has the number 0");
        }

        return true;
    }

    public void Read(ref long value) => TryRead(ref value);

    /// <summary>Also of an enum, which may be none of those known.</summary>
    public void Read(ref int value)
    {
        if (Has(WireType.Varint))
        {
            value = (int)Varint();
        }
    }

    public void Read(ref bool value)
    {
        if (Has(WireType.Varint))
        {
            value = Varint() != 0;
        }
    }

    public void Read(ref ReadOnlyMemory<byte> value) => TryRead(ref value);

    /// <returns>False where the field is no number, as it should be.</returns>
    public bool TryRead(ref long value)
    {
        if (!Has(WireType.Varint))
        {
            return false;
        }

        value = (long)Varint();
        return true;
    }

    /// <summary>Bytes, or a message: a part of this one, which lives as long as this does.</summary>
    /// <returns>False where the field is none, as it should be.</returns>
    public bool TryRead(ref ReadOnlyMemory<byte> value)
    {
        if (!Has(WireType.LengthDelimited))
        {
            return false;
        }

        value = Slice();
        return true;
    }

    /// <summary>A message within this one.</summary>
    /// <returns>False where the field is none, as it should be.</returns>
    public bool TryRead(out ProtoReader nested)
    {
        ReadOnlyMemory<byte> bytes = default;
        var isThere = TryRead(ref bytes);
        nested = isThere ? Within(bytes) : default;
        return isThere;
    }

    /// <summary>Reads a message whose bytes are a part of this one.</summary>
    public readonly ProtoReader Within(ReadOnlyMemory<byte> nested)
    {
        Require(_depth + 1);
        return new ProtoReader(nested, _depth + 1);
    }

    /// <summary>Passes over the field's value.</summary>
    public void Skip() => Skip(_depth);

    private void Skip(int within)
    {
        switch (_type)
        {
            case WireType.Varint:
                Varint();
                break;
            case WireType.Fixed64:
                Pass(sizeof(ulong));
                break;
            case WireType.LengthDelimited:
                Slice();
                break;
            case WireType.StartGroup:
                SkipGroup(Field, within + 1);
                break;
            case WireType.Fixed32:
                Pass(sizeof(uint));
                break;
            default:
                ThrowMalformed($"field {Field} has the wire type {(int)_type}");
                break;
        }
    }

    private void SkipGroup(int group, int within)
    {
        Require(within);
        while (Next())
        {
            if (_type == WireType.EndGroup && Field == group)
            {
                return;
            }

            Skip(within);
        }

        ThrowMalformed("it ends within a group");
    }

    private bool Has(WireType wanted)
    {
        if (_type == wanted)
        {
            return true;
        }

        Skip();
        return false;
    }

    private ulong Varint()
    {
        var value = 0UL;
        for (var i = 0; i < ProtoSize.MaxVarint; i++)
        {
            if (_at == _bytes.Length)
            {
                ThrowMalformed("it ends within a number");
            }

            var next = _bytes[_at++];
            value |= (ulong)(next & 0x7F) << (7 * i);
            if (next < 0x80)
            {
                return value;
            }
        }

        ThrowMalformed($"a number has more than {ProtoSize.MaxVarint} bytes");
        return 0;
    }

    private ReadOnlyMemory<byte> Slice()
    {
        var length = (int)Varint();
        var begin = _at;
        Pass(length);
        return _message.Slice(begin, length);
    }

    private void Pass(int bytes)
    {
        if ((uint)bytes > (uint)(_bytes.Length - _at))
        {
            ThrowMalformed($"field {Field} has {(uint)bytes} bytes, and {_bytes.Length - _at} are left");
        }

        _at += bytes;
    }

    private static void Require(int depth)
    {
        if (depth > MaxDepth)
        {
            ThrowMalformed($"messages are nested more than {MaxDepth} deep");
        }
    }

    [DoesNotReturn]
    private static void ThrowMalformed(string what) =>
        throw new EtcdException(new EtcdStatus(GrpcCode.Internal, $"grpc: error unmarshalling request: {what}"));
}
