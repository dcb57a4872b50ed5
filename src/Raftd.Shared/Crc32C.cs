using System.Buffers.Binary;
using System.Numerics;

namespace Raftd.Shared;

/// <summary>CRC-32C (Castagnoli): processors have an instruction for it that takes 8 bytes.</summary>
public static class Crc32C
{
    /// <summary>Continues from <paramref name="seed"/>, an earlier result or 0, over <paramref name="data"/>.</summary>
    public static uint Append(uint seed, ReadOnlySpan<byte> data)
    {
        var crc = ~seed;
        while (data.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[sizeof(ulong)..];
        }

        foreach (var octet in data)
        {
            crc = BitOperations.Crc32C(crc, octet);
        }

        return ~crc;
    }
}
