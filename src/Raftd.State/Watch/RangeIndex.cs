// Who watches a key: the ranges that hold it, found without looking at the others.
//
// A range of one key is looked up in a table. The others lie in a tree ordered by their low ends, in which each node knows the
// highest end below it: a search leaves out every subtree that ends before the key, and every one that begins behind it. It is
// balanced by chance (a treap), and the chance is drawn from a counter, so that a run repeats.

using Raftd.State.Keyspaces;

namespace Raftd.State.Watch;

/// <summary>Ranges of keys, each with a value, found by a key that they hold. One thread.</summary>
internal sealed class RangeIndex<T>
    where T : class
{
    private readonly Dictionary<byte[], T> _keys = new(BytesComparer.Instance);
    private Node? _root;
    private ulong _drawn;

    /// <summary>The value of exactly this range; null for none.</summary>
    public T? Find(byte[] low, byte[] rangeEnd) => rangeEnd.Length == 0 ? _keys.GetValueOrDefault(low) : FindNode(low, rangeEnd)?.Value;

    /// <summary>Adds a range that is not there. An end without bytes is one key, one of a zero byte has no bound.</summary>
    public void Add(byte[] low, byte[] rangeEnd, T value)
    {
        if (rangeEnd.Length == 0)
        {
            _keys.Add(low, value);
        }
        else
        {
            _root = Insert(_root, new Node(low, rangeEnd, value, Draw()));
        }
    }

    public void Remove(byte[] low, byte[] rangeEnd)
    {
        if (rangeEnd.Length == 0)
        {
            _keys.Remove(low);
        }
        else
        {
            _root = Remove(_root, low, rangeEnd);
        }
    }

    /// <summary>Adds the values of all ranges that hold the key to a list.</summary>
    public void Collect(byte[] key, List<T> found)
    {
        if (_keys.TryGetValue(key, out var exact))
        {
            found.Add(exact);
        }

        Collect(_root, key, found);
    }

    private static void Collect(Node? node, byte[] key, List<T> found)
    {
        while (node is not null && IsBefore(key, node.HighestEnd))
        {
            Collect(node.Left, key, found);
            if (key.AsSpan().SequenceCompareTo(node.Low) < 0)
            {
                return;
            }

            if (IsBefore(key, node.End))
            {
                found.Add(node.Value);
            }

            node = node.Right;
        }
    }

    private static bool IsBefore(byte[] key, byte[] end) => KeyRange.IsToEnd(end) || key.AsSpan().SequenceCompareTo(end) < 0;

    private static byte[] Higher(byte[] a, byte[] b) =>
        KeyRange.IsToEnd(a) ? a : KeyRange.IsToEnd(b) ? b : a.AsSpan().SequenceCompareTo(b) >= 0 ? a : b;

    private static int Compare(byte[] low, byte[] end, Node node)
    {
        var order = low.AsSpan().SequenceCompareTo(node.Low);
        return order != 0 ? order : end.AsSpan().SequenceCompareTo(node.End);
    }

    private Node? FindNode(byte[] low, byte[] end)
    {
        var node = _root;
        while (node is not null && Compare(low, end, node) is var order && order != 0)
        {
            node = order < 0 ? node.Left : node.Right;
        }

        return node;
    }

    private static Node Insert(Node? node, Node added)
    {
        if (node is null)
        {
            return added;
        }

        var order = Compare(added.Low, added.End, node);
        Invariant.Check(order != 0, $"a range of {added.Low.Length} and {added.End.Length} bytes is watched twice");
        if (order < 0)
        {
            node.Left = Insert(node.Left, added);
            return node.Left.Rank > node.Rank ? RotateRight(node) : Settled(node);
        }

        node.Right = Insert(node.Right, added);
        return node.Right.Rank > node.Rank ? RotateLeft(node) : Settled(node);
    }

    private static Node? Remove(Node? node, byte[] low, byte[] end)
    {
        Invariant.Check(node is not null, $"a range of {low.Length} and {end.Length} bytes is not watched");
        var order = Compare(low, end, node);
        if (order == 0)
        {
            return Merge(node.Left, node.Right);
        }

        if (order < 0)
        {
            node.Left = Remove(node.Left, low, end);
        }
        else
        {
            node.Right = Remove(node.Right, low, end);
        }

        return Settled(node);
    }

    private static Node? Merge(Node? left, Node? right)
    {
        if (left is null || right is null)
        {
            return left ?? right;
        }

        if (left.Rank > right.Rank)
        {
            left.Right = Merge(left.Right, right);
            return Settled(left);
        }

        right.Left = Merge(left, right.Left);
        return Settled(right);
    }

    private static Node RotateRight(Node node)
    {
        var top = node.Left!;
        node.Left = top.Right;
        top.Right = Settled(node);
        return Settled(top);
    }

    private static Node RotateLeft(Node node)
    {
        var top = node.Right!;
        node.Right = top.Left;
        top.Left = Settled(node);
        return Settled(top);
    }

    private static Node Settled(Node node)
    {
        var highest = node.End;
        highest = node.Left is { } left ? Higher(highest, left.HighestEnd) : highest;
        node.HighestEnd = node.Right is { } right ? Higher(highest, right.HighestEnd) : highest;
        return node;
    }

    /// <summary>Ranks that look like chance (splitmix64). Clients do not choose them.</summary>
    private ulong Draw()
    {
        var mixed = _drawn += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    private sealed class Node(byte[] low, byte[] end, T value, ulong rank)
    {
        public byte[] Low => low;

        public byte[] End { get; } = end;

        public T Value => value;

        /// <summary>Above those of its children.</summary>
        public ulong Rank => rank;

        public byte[] HighestEnd { get; set; } = end;

        public Node? Left { get; set; }

        public Node? Right { get; set; }
    }
}
