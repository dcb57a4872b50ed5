using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Raftd.Exploration.Members;

/// <summary>128 bits that stand for some bytes.</summary>
internal readonly record struct Fingerprint(ulong High, ulong Low)
{
    public static Fingerprint Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return new Fingerprint(BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]));
    }

    /// <summary>Spreads 64 bits over 64 bits (the finalizer of splitmix64).</summary>
    public static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
