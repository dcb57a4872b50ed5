using System.Buffers.Binary;
using System.Numerics;

namespace Raftd.Store.Snapshots;

/// <summary>CRC-32C (Castagnoli) as everywhere: begun with all ones and inverted at the end.</summary>
internal static class Crc32C
{
    /// <summary>Goes on from the checksum of what came before; 0 for nothing.</summary>
    public static uint Append(uint checksum, ReadOnlySpan<byte> bytes)
    {
        var crc = ~checksum;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var b in bytes)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }
}
