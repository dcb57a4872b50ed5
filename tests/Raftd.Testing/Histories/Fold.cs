using System.Buffers.Binary;

namespace Raftd.Testing.Histories;

/// <summary>Many numbers and bytes in one: the same on every machine and in every run. Not for enemies.</summary>
public struct Fold()
{
    public ulong Value { get; private set; } = 14_695_981_039_346_656_037;

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        var fold = new Fold();
        fold.Add(bytes);
        return fold.Value;
    }

    public void Add(ulong value)
    {
        Value = (Value ^ value) * 0x9E37_79B9_7F4A_7C15;
        Value ^= Value >> 29;
    }

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= sizeof(ulong))
        {
            Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var rest in bytes)
        {
            Add(rest);
        }
    }
}
