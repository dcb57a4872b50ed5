namespace Raftd.Sql.Evaluation;

/// <summary>The order of unsigned bytes, a prefix before its extensions: that of etcd, of BYTEA and of VARBINARY.</summary>
internal sealed class KeyOrder : IComparer<byte[]>
{
    public static readonly KeyOrder Instance = new();

    public int Compare(byte[]? x, byte[]? y) => x.AsSpan().SequenceCompareTo(y);
}
