// The ordered tree under the key index and the lease tables: a B+-tree whose nodes are copied on write.
//
// The naive way is a sorted dictionary under a reader-writer lock: a long range then stalls the writer, and a stalled
// writer stalls the log. A tree of single-item nodes that copies its path (as ImmutableSortedDictionary does) frees the
// readers, but costs some twenty small objects and cache misses for each put. So:
//
//   1. A node holds up to 32 items: a path is four nodes deep at a million keys, and a scan walks arrays.
//   2. Each node names the batch that made it (Owner). The writer changes nodes of its own batch in place and copies all
//      others, so a batch of a thousand puts copies a node once, not a thousand times.
//   3. Freeze ends the batch: the root is handed to readers and a new owner token is drawn. From then on no code writes
//      into any node reachable from that root. Readers hold the root for as long as they like and never wait.
//   4. Each node knows the weight below it (live keys), so counting a range takes two walks down, not a scan.
//
// A leaf that empties goes away, and small neighbours are joined when they fit in one node: no stricter balance is kept,
// because compaction removes whole stretches of keys and a split-merge-split at the boundary would cost more.
//
// One thread writes. Readers need a root that was handed over with a barrier (StateMachine.Publish does that).

namespace Raftd.State.Trees;

/// <summary>A key to look for: tells where it stands next to a key in the tree. A struct, so that spans can be looked up.</summary>
internal interface IProbe<TKey>
{
    /// <summary>Below 0 if what is looked for stands before <paramref name="key"/>, 0 if it is that key.</summary>
    int CompareTo(TKey key);
}

/// <summary>An item that counts, or not, in the weight of a range; any other item counts one. Its weight never changes.</summary>
internal interface IWeighted
{
    int Weight { get; }
}

internal abstract class CowNode(object owner)
{
    public readonly object Owner = owner;

    public int Count;

    public long Weight;
}

internal sealed class CowLeaf<TKey, TItem>(object owner, int capacity) : CowNode(owner)
{
    public TKey[] Keys = new TKey[capacity];

    public TItem[] Items = new TItem[capacity];
}

/// <summary>Lows[i] is a lower bound of everything below Children[i]; Lows[0] is not looked at.</summary>
internal sealed class CowBranch<TKey>(object owner) : CowNode(owner)
{
    public readonly TKey[] Lows = new TKey[CowTree.MaxNodeItems];

    public readonly CowNode[] Children = new CowNode[CowTree.MaxNodeItems];
}

internal static class CowTree
{
    public const int MaxNodeItems = 32;

    public static int WeightOf(object item) => item is IWeighted weighted ? weighted.Weight : 1;

    /// <summary>Below this a node is joined with a neighbour if both fit into three quarters of a node.</summary>
    public const int MinNodeItems = MaxNodeItems / 4;
}

/// <summary>The writer's side. Used by one thread.</summary>
/// <param name="start">What it begins with, and leaves as it is; nothing where it is left out.</param>
internal sealed class CowTree<TKey, TItem>(CowSnapshot<TKey, TItem> start = default)
    where TItem : class
{
    private object _owner = new();

    private CowNode? _root = start.Root;

    /// <summary>What the writer sees now, its unfinished batch included. Not for other threads.</summary>
    public CowSnapshot<TKey, TItem> Working => new(_root);

    /// <summary>Ends the batch: the tree as it is now, for any thread and for ever.</summary>
    public CowSnapshot<TKey, TItem> Freeze()
    {
        _owner = new object();
        return new CowSnapshot<TKey, TItem>(_root);
    }

    /// <summary>Sets the item of a key; returns the one before.</summary>
    public TItem? Set<TProbe>(TProbe probe, TKey key, TItem item)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        _root ??= new CowLeaf<TKey, TItem>(_owner, capacity: 4);
        var right = Insert(ref _root, probe, key, item, out var old, out var low);
        if (right is not null)
        {
            var root = new CowBranch<TKey>(_owner) { Count = 2, Weight = _root.Weight + right.Weight };
            root.Children[0] = _root;
            root.Children[1] = right;
            root.Lows[1] = low!;
            _root = root;
        }

        return old;
    }

    /// <summary>Takes a key out; returns its item, null if it was not there.</summary>
    public TItem? Remove<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var item = Working.Find(probe);
        if (item is null)
        {
            return null;
        }

        Remove(ref _root!, probe, CowTree.WeightOf(item));
        while (_root is CowBranch<TKey> { Count: 1 } branch)
        {
            _root = branch.Children[0];
        }

        if (_root.Count == 0)
        {
            _root = null;
        }

        return item;
    }

    /// <summary>Inserts below node; returns the new right neighbour if the node had to be split.</summary>
    private CowNode? Insert<TProbe>(
        ref CowNode node, TProbe probe, TKey key, TItem item, out TItem? old, out TKey? low)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        if (node is CowLeaf<TKey, TItem> shared)
        {
            var leaf = Own(shared);
            node = leaf;
            return InsertIntoLeaf(leaf, probe, key, item, out old, out low);
        }

        var branch = Own((CowBranch<TKey>)node);
        node = branch;
        var at = CowSnapshot<TKey, TItem>.ChildOf(branch, probe);
        var right = Insert(ref branch.Children[at], probe, key, item, out old, out var rightLow);
        branch.Weight += CowTree.WeightOf(item) - (old is null ? 0 : CowTree.WeightOf(old));
        low = default;
        return right is null ? null : InsertChild(branch, at + 1, rightLow!, right, out low);
    }

    private CowLeaf<TKey, TItem>? InsertIntoLeaf<TProbe>(
        CowLeaf<TKey, TItem> leaf, TProbe probe, TKey key, TItem item, out TItem? old, out TKey? low)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        low = default;
        var at = CowSnapshot<TKey, TItem>.PositionIn(leaf, probe, out var found);
        if (found)
        {
            old = leaf.Items[at];
            leaf.Items[at] = item;
            leaf.Weight += CowTree.WeightOf(item) - CowTree.WeightOf(old);
            return null;
        }

        old = null;
        if (leaf.Count < CowTree.MaxNodeItems)
        {
            InsertItem(leaf, at, key, item);
            return null;
        }

        // Keys that arrive in order leave full leaves behind instead of half-full ones.
        var keep = at == leaf.Count ? leaf.Count : leaf.Count / 2;
        var right = new CowLeaf<TKey, TItem>(_owner, CowTree.MaxNodeItems);
        MoveItems(leaf, keep, right);
        if (at < keep || (at == keep && right.Count > 0))
        {
            InsertItem(leaf, at, key, item);
        }
        else
        {
            InsertItem(right, at - keep, key, item);
        }

        low = right.Keys[0];
        return right;
    }

    private static void InsertItem(CowLeaf<TKey, TItem> leaf, int at, TKey key, TItem item)
    {
        if (leaf.Count == leaf.Keys.Length)
        {
            var capacity = Math.Min(CowTree.MaxNodeItems, leaf.Count * 2);
            Array.Resize(ref leaf.Keys, capacity);
            Array.Resize(ref leaf.Items, capacity);
        }

        Array.Copy(leaf.Keys, at, leaf.Keys, at + 1, leaf.Count - at);
        Array.Copy(leaf.Items, at, leaf.Items, at + 1, leaf.Count - at);
        leaf.Keys[at] = key;
        leaf.Items[at] = item;
        leaf.Count++;
        leaf.Weight += CowTree.WeightOf(item);
    }

    /// <summary>Moves the items from <paramref name="keep"/> on into an empty leaf.</summary>
    private static void MoveItems(CowLeaf<TKey, TItem> from, int keep, CowLeaf<TKey, TItem> to)
    {
        to.Count = from.Count - keep;
        Array.Copy(from.Keys, keep, to.Keys, 0, to.Count);
        Array.Copy(from.Items, keep, to.Items, 0, to.Count);
        Array.Clear(from.Keys, keep, to.Count);
        Array.Clear(from.Items, keep, to.Count);
        from.Count = keep;
        for (var i = 0; i < to.Count; i++)
        {
            to.Weight += CowTree.WeightOf(to.Items[i]);
        }

        from.Weight -= to.Weight;
    }

    private CowBranch<TKey>? InsertChild(CowBranch<TKey> branch, int at, TKey childLow, CowNode child, out TKey? low)
    {
        low = default;
        if (branch.Count < CowTree.MaxNodeItems)
        {
            PlaceChild(branch, at, childLow, child);
            return null;
        }

        // The child's weight is in the branch already (it was split off below it), so halves are summed anew.
        var keep = at == branch.Count ? branch.Count - 1 : branch.Count / 2;
        var right = new CowBranch<TKey>(_owner) { Count = branch.Count - keep };
        Array.Copy(branch.Lows, keep, right.Lows, 0, right.Count);
        Array.Copy(branch.Children, keep, right.Children, 0, right.Count);
        Array.Clear(branch.Lows, keep, right.Count);
        Array.Clear(branch.Children, keep, right.Count);
        branch.Count = keep;
        if (at <= keep)
        {
            PlaceChild(branch, at, childLow, child);
        }
        else
        {
            PlaceChild(right, at - keep, childLow, child);
        }

        branch.Weight = SumChildren(branch);
        right.Weight = SumChildren(right);
        low = right.Lows[0];
        return right;
    }

    private static void PlaceChild(CowBranch<TKey> branch, int at, TKey childLow, CowNode child)
    {
        Array.Copy(branch.Lows, at, branch.Lows, at + 1, branch.Count - at);
        Array.Copy(branch.Children, at, branch.Children, at + 1, branch.Count - at);
        branch.Lows[at] = childLow;
        branch.Children[at] = child;
        branch.Count++;
    }

    private static long SumChildren(CowBranch<TKey> branch)
    {
        var sum = 0L;
        for (var i = 0; i < branch.Count; i++)
        {
            sum += branch.Children[i].Weight;
        }

        return sum;
    }

    private void Remove<TProbe>(ref CowNode node, TProbe probe, int weight)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        if (node is CowLeaf<TKey, TItem> shared)
        {
            var leaf = Own(shared);
            node = leaf;
            RemoveItem(leaf, CowSnapshot<TKey, TItem>.PositionIn(leaf, probe, out _));
            return;
        }

        var branch = Own((CowBranch<TKey>)node);
        node = branch;
        var at = CowSnapshot<TKey, TItem>.ChildOf(branch, probe);
        Remove(ref branch.Children[at], probe, weight);
        branch.Weight -= weight;
        if (branch.Children[at].Count == 0)
        {
            RemoveChild(branch, at);
        }
        else if (branch.Children[at].Count < CowTree.MinNodeItems)
        {
            if (at + 1 < branch.Count)
            {
                MaybeJoin(branch, at);
            }
            else if (at > 0)
            {
                MaybeJoin(branch, at - 1);
            }
        }
    }

    private static void RemoveItem(CowLeaf<TKey, TItem> leaf, int at)
    {
        leaf.Weight -= CowTree.WeightOf(leaf.Items[at]);
        leaf.Count--;
        Array.Copy(leaf.Keys, at + 1, leaf.Keys, at, leaf.Count - at);
        Array.Copy(leaf.Items, at + 1, leaf.Items, at, leaf.Count - at);
        leaf.Keys[leaf.Count] = default!;
        leaf.Items[leaf.Count] = default!;
    }

    private static void RemoveChild(CowBranch<TKey> branch, int at)
    {
        branch.Count--;
        Array.Copy(branch.Lows, at + 1, branch.Lows, at, branch.Count - at);
        Array.Copy(branch.Children, at + 1, branch.Children, at, branch.Count - at);
        branch.Lows[branch.Count] = default!;
        branch.Children[branch.Count] = null!;
    }

    /// <summary>Joins the children at [at] and [at + 1] if they fit into one node with room to grow.</summary>
    private void MaybeJoin(CowBranch<TKey> branch, int at)
    {
        var sum = branch.Children[at].Count + branch.Children[at + 1].Count;
        if (sum > CowTree.MaxNodeItems * 3 / 4)
        {
            return;
        }

        if (branch.Children[at] is CowLeaf<TKey, TItem> leftLeaf)
        {
            var left = Own(leftLeaf, minCapacity: sum);
            var right = (CowLeaf<TKey, TItem>)branch.Children[at + 1];
            Array.Copy(right.Keys, 0, left.Keys, left.Count, right.Count);
            Array.Copy(right.Items, 0, left.Items, left.Count, right.Count);
            left.Count = sum;
            left.Weight += right.Weight;
            branch.Children[at] = left;
        }
        else
        {
            var left = Own((CowBranch<TKey>)branch.Children[at]);
            var right = (CowBranch<TKey>)branch.Children[at + 1];
            Array.Copy(right.Lows, 0, left.Lows, left.Count, right.Count);
            Array.Copy(right.Children, 0, left.Children, left.Count, right.Count);
            left.Lows[left.Count] = branch.Lows[at + 1];
            left.Count = sum;
            left.Weight += right.Weight;
            branch.Children[at] = left;
        }

        RemoveChild(branch, at + 1);
    }

    private CowLeaf<TKey, TItem> Own(CowLeaf<TKey, TItem> leaf, int minCapacity = 0)
    {
        if (ReferenceEquals(leaf.Owner, _owner))
        {
            if (leaf.Keys.Length < minCapacity)
            {
                Array.Resize(ref leaf.Keys, CowTree.MaxNodeItems);
                Array.Resize(ref leaf.Items, CowTree.MaxNodeItems);
            }

            return leaf;
        }

        var capacity = minCapacity > leaf.Keys.Length ? CowTree.MaxNodeItems : leaf.Keys.Length;
        var copy = new CowLeaf<TKey, TItem>(_owner, capacity) { Count = leaf.Count, Weight = leaf.Weight };
        Array.Copy(leaf.Keys, copy.Keys, leaf.Count);
        Array.Copy(leaf.Items, copy.Items, leaf.Count);
        return copy;
    }

    private CowBranch<TKey> Own(CowBranch<TKey> branch)
    {
        if (ReferenceEquals(branch.Owner, _owner))
        {
            return branch;
        }

        var copy = new CowBranch<TKey>(_owner) { Count = branch.Count, Weight = branch.Weight };
        Array.Copy(branch.Lows, copy.Lows, branch.Count);
        Array.Copy(branch.Children, copy.Children, branch.Count);
        return copy;
    }
}
