namespace Raftd.Raft;

/// <summary>A member's identity: assigned when it joins and never given to another.</summary>
/// <remarks>Zero is no member: no vote, no leader.</remarks>
public readonly record struct NodeId(ulong Value) : IComparable<NodeId>
{
    public static NodeId None => default;

    public bool IsNone => Value == 0;

    public int CompareTo(NodeId other) => Value.CompareTo(other.Value);

    public override string ToString() => Value.ToString();
}
