using System.Buffers.Binary;

namespace Raftd.Node.Peers;

/// <summary>What a member's hash chain says at an index it has applied.</summary>
internal readonly record struct HashReport(ulong Index, ulong Hash)
{
    public const int EncodedBytes = 16;

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Index);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Hash);
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out HashReport report)
    {
        if (source.Length != EncodedBytes)
        {
            report = default;
            return false;
        }

        report = new HashReport(
            BinaryPrimitives.ReadUInt64LittleEndian(source), BinaryPrimitives.ReadUInt64LittleEndian(source[8..]));
        return true;
    }
}
