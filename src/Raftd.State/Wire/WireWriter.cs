using System.Buffers.Binary;

namespace Raftd.State.Wire;

/// <summary>Writes the store's own records: numbers as varints, bytes with their length before them.</summary>
/// <remarks>
/// Number: 7 bits per byte, low bits first, the high bit set on all bytes but the last; 1 to 10 bytes. A negative number
/// is its two's complement and takes ten. Bytes: a number, then that many bytes.
/// </remarks>
public sealed class WireWriter(int capacity = 64)
{
    private byte[] _buffer = new byte[capacity];

    private int _count;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _count);

    /// <summary>What was written, without a copy: the writer must not be used again.</summary>
    public ReadOnlyMemory<byte> Detach() => _buffer.AsMemory(0, _count);

    /// <summary>Begins anew. A buffer that has grown for one large record is not kept.</summary>
    public void Reset()
    {
        _count = 0;
        if (_buffer.Length > 1 << 20)
        {
            _buffer = new byte[256];
        }
    }

    public void Byte(byte value)
    {
        Reserve(1)[0] = value;
        _count++;
    }

    public void Number(long value) => Unsigned((ulong)value);

    public void Unsigned(ulong value)
    {
        var span = Reserve(10);
        var at = 0;
        while (value >= 0x80)
        {
            span[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[at++] = (byte)value;
        _count += at;
    }

    public void Fixed64(ulong value)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);
        _count += 8;
    }

    public void Fixed32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);
        _count += 4;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        Unsigned((ulong)value.Length);
        Raw(value);
    }

    /// <summary>Bytes whose length the reader knows from elsewhere.</summary>
    public void Raw(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        _count += value.Length;
    }

    private Span<byte> Reserve(int size)
    {
        if (_buffer.Length - _count < size)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _count + size));
        }

        return _buffer.AsSpan(_count);
    }
}
