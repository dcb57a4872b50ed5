using System.Buffers.Binary;

namespace Raftd.State.Keyspaces;

/// <summary>One change: Main counts entries that change the keyspace, Sub the changes within one of them, from 0.</summary>
public readonly record struct Revision(long Main, long Sub) : IComparable<Revision>
{
    /// <summary>Bytes of a revision as a key of the revisions bucket: Main and Sub, big-endian, so that byte order is
    /// the order of revisions.</summary>
    public const int EncodedBytes = 16;

    public int CompareTo(Revision other) => Main != other.Main ? Main.CompareTo(other.Main) : Sub.CompareTo(other.Sub);

    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt64BigEndian(destination, Main);
        BinaryPrimitives.WriteInt64BigEndian(destination[8..], Sub);
    }

    public static Revision ReadFrom(ReadOnlySpan<byte> source) =>
        new(BinaryPrimitives.ReadInt64BigEndian(source), BinaryPrimitives.ReadInt64BigEndian(source[8..]));

    public override string ToString() => $"{Main}.{Sub}";
}
