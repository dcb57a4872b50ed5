namespace Raftd.State.Trees;

/// <summary>A tree as it was when its batch ended. Any number of threads may read it; default is the empty tree.</summary>
internal readonly struct CowSnapshot<TKey, TItem>(CowNode? root)
    where TItem : class
{
    private readonly CowNode? _root = root;

    /// <summary>For a tree that goes on from here.</summary>
    internal CowNode? Root => _root;

    /// <summary>The weight of the whole tree.</summary>
    public long Weight => _root?.Weight ?? 0;

    public TItem? Find<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var node = _root;
        while (node is CowBranch<TKey> branch)
        {
            node = branch.Children[ChildOf(branch, probe)];
        }

        if (node is not CowLeaf<TKey, TItem> leaf)
        {
            return null;
        }

        var at = PositionIn(leaf, probe, out var found);
        return found ? leaf.Items[at] : null;
    }

    /// <summary>The weight of all items before the probe.</summary>
    public long WeightBefore<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var sum = 0L;
        var node = _root;
        while (node is CowBranch<TKey> branch)
        {
            var at = ChildOf(branch, probe);
            for (var i = 0; i < at; i++)
            {
                sum += branch.Children[i].Weight;
            }

            node = branch.Children[at];
        }

        if (node is CowLeaf<TKey, TItem> leaf)
        {
            var at = PositionIn(leaf, probe, out _);
            for (var i = 0; i < at; i++)
            {
                sum += CowTree.WeightOf(leaf.Items[i]);
            }
        }

        return sum;
    }

    /// <summary>A walk in key order from the first item not before the probe.</summary>
    public CowScan<TKey, TItem> From<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct => From(probe, new CowScan<TKey, TItem>(weightyOnly: false));

    /// <summary>As From, past the items without weight: whole subtrees of them cost one step.</summary>
    public CowScan<TKey, TItem> FromWeighty<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct => From(probe, new CowScan<TKey, TItem>(weightyOnly: true));

    /// <summary>A walk against key order, from the last item before the probe.</summary>
    public CowBackScan<TKey, TItem> BackFrom<TProbe>(TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var scan = new CowBackScan<TKey, TItem>();
        var node = _root;
        while (node is CowBranch<TKey> branch)
        {
            var at = ChildOf(branch, probe);
            scan.Push(branch, at - 1);
            node = branch.Children[at];
        }

        if (node is CowLeaf<TKey, TItem> leaf)
        {
            scan.Enter(leaf, PositionIn(leaf, probe, out _));
        }

        return scan;
    }

    /// <summary>A walk over all items against key order.</summary>
    public CowBackScan<TKey, TItem> AllBack() => BackFrom(default(BehindEverything<TKey>));

    /// <summary>A walk over all items in key order.</summary>
    public CowScan<TKey, TItem> All() => From(default(BeforeEverything<TKey>));

    /// <summary>The last child whose low bound is not behind the probe.</summary>
    internal static int ChildOf<TProbe>(CowBranch<TKey> branch, TProbe probe)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var low = 1;
        var high = branch.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (probe.CompareTo(branch.Lows[middle]) < 0)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low - 1;
    }

    /// <summary>The position of the first key that is not before the probe.</summary>
    internal static int PositionIn<TProbe>(CowLeaf<TKey, TItem> leaf, TProbe probe, out bool found)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var low = 0;
        var high = leaf.Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var order = probe.CompareTo(leaf.Keys[middle]);
            if (order == 0)
            {
                found = true;
                return middle;
            }

            if (order < 0)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        found = false;
        return low;
    }

    private CowScan<TKey, TItem> From<TProbe>(TProbe probe, CowScan<TKey, TItem> scan)
        where TProbe : struct, IProbe<TKey>, allows ref struct
    {
        var node = _root;
        while (node is CowBranch<TKey> branch)
        {
            var at = ChildOf(branch, probe);
            scan.Push(branch, at + 1);
            node = branch.Children[at];
        }

        if (node is CowLeaf<TKey, TItem> leaf)
        {
            scan.Enter(leaf, PositionIn(leaf, probe, out _));
        }

        return scan;
    }
}

internal readonly struct BeforeEverything<TKey> : IProbe<TKey>
{
    public int CompareTo(TKey key) => -1;
}

internal readonly struct BehindEverything<TKey> : IProbe<TKey>
{
    public int CompareTo(TKey key) => 1;
}

/// <summary>A walk over a snapshot: MoveNext, then Key and Item. Owned by one thread.</summary>
/// <param name="weightyOnly">Passes over what has no weight.</param>
internal sealed class CowScan<TKey, TItem>(bool weightyOnly)
    where TItem : class
{
    private readonly List<(CowBranch<TKey> Branch, int Next)> _path = [];

    private CowLeaf<TKey, TItem>? _leaf;

    private int _at = -1;

    public TKey Key => _leaf!.Keys[_at];

    public TItem Item => _leaf!.Items[_at];

    public bool MoveNext()
    {
        while (MoveToNextItem())
        {
            if (!weightyOnly || CowTree.WeightOf(Item) > 0)
            {
                return true;
            }
        }

        return false;
    }

    private bool MoveToNextItem()
    {
        if (_leaf is null)
        {
            return false;
        }

        return ++_at < _leaf.Count || MoveToNextLeaf();
    }

    private bool MoveToNextLeaf()
    {
        while (_path.Count > 0)
        {
            var (branch, next) = _path[^1];
            if (next >= branch.Count)
            {
                _path.RemoveAt(_path.Count - 1);
                continue;
            }

            _path[^1] = (branch, next + 1);
            var node = branch.Children[next];
            if (weightyOnly && node.Weight == 0)
            {
                continue;
            }

            if (node is CowBranch<TKey> inner)
            {
                _path.Add((inner, 0));
                continue;
            }

            _leaf = (CowLeaf<TKey, TItem>)node;
            _at = 0;
            return true;
        }

        _leaf = null;
        return false;
    }

    internal void Push(CowBranch<TKey> branch, int next) => _path.Add((branch, next));

    internal void Enter(CowLeaf<TKey, TItem> leaf, int at)
    {
        _leaf = leaf;
        _at = at - 1;
    }
}
