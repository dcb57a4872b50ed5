using System.Buffers.Binary;

namespace Raftd.State.Wire;

/// <summary>Reads what WireWriter wrote, and survives anything else.</summary>
/// <remarks>
/// A first fault (the end passed, a number too long, a length beyond what is left) makes Failed true; from then on every
/// read gives zero or empty. So a decoder reads straight through and asks once, and no length read from the input ever
/// decides how much is allocated: Count is bounded by the bytes that are left.
/// </remarks>
public ref struct WireReader
{
    private readonly ReadOnlyMemory<byte> _memory;

    private readonly ReadOnlySpan<byte> _source;

    private int _at;

    public WireReader(ReadOnlyMemory<byte> source)
    {
        _memory = source;
        _source = source.Span;
    }

    /// <summary>Over bytes that must not be kept: only SpanBytes can be asked for byte strings.</summary>
    public WireReader(ReadOnlySpan<byte> source) => _source = source;

    public bool Failed { get; private set; }

    /// <summary>Bytes read so far.</summary>
    public readonly int Position => _at;

    /// <summary>Everything was read, nothing is left over and nothing was wrong.</summary>
    public readonly bool IsWhole => !Failed && _at == _source.Length;

    public byte Byte()
    {
        if (Failed || _at >= _source.Length)
        {
            Failed = true;
            return 0;
        }

        return _source[_at++];
    }

    /// <summary>A flag that this version does not know would change the meaning of what follows: it is refused.</summary>
    public byte Flags(byte known)
    {
        var flags = Byte();
        Failed |= (flags & ~known) != 0;
        return flags;
    }

    public long Number() => (long)Unsigned();

    public ulong Unsigned()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var part = Byte();
            if (shift == 63 && part > 1)
            {
                break;
            }

            value |= (ulong)(part & 0x7F) << shift;
            if ((part & 0x80) == 0)
            {
                return Failed ? 0 : value;
            }
        }

        Failed = true;
        return 0;
    }

    public ulong Fixed64()
    {
        if (Failed || _source.Length - _at < 8)
        {
            Failed = true;
            return 0;
        }

        var value = BinaryPrimitives.ReadUInt64LittleEndian(_source[_at..]);
        _at += 8;
        return value;
    }

    public uint Fixed32()
    {
        if (Failed || _source.Length - _at < 4)
        {
            Failed = true;
            return 0;
        }

        var value = BinaryPrimitives.ReadUInt32LittleEndian(_source[_at..]);
        _at += 4;
        return value;
    }

    /// <summary>A slice of the source, valid as long as the source is.</summary>
    public ReadOnlyMemory<byte> Bytes()
    {
        var length = Length();
        var bytes = Failed ? default : _memory.Slice(_at, length);
        _at += length;
        return bytes;
    }

    /// <inheritdoc cref="Bytes"/>
    public ReadOnlySpan<byte> SpanBytes()
    {
        var length = Length();
        var bytes = Failed ? default : _source.Slice(_at, length);
        _at += length;
        return bytes;
    }

    /// <summary>How many elements follow, each of at least <paramref name="minElementBytes"/>.</summary>
    public int Count(int minElementBytes)
    {
        var count = Unsigned();
        if (Failed || count > (ulong)(_source.Length - _at) / (ulong)minElementBytes)
        {
            Failed = true;
            return 0;
        }

        return (int)count;
    }

    /// <summary>Marks the input as wrong for a reason that only the caller sees.</summary>
    public void Refuse() => Failed = true;

    private int Length()
    {
        var length = Unsigned();
        if (Failed || length > (ulong)(_source.Length - _at))
        {
            Failed = true;
            return 0;
        }

        return (int)length;
    }
}
