namespace Raftd.State.Trees;

/// <summary>A walk over a snapshot against key order: MoveNext, then Key and Item. Owned by one thread.</summary>
internal sealed class CowBackScan<TKey, TItem>
    where TItem : class
{
    /// <summary>From the root down: branches, and the child of each that comes next; below 0 where none is left.</summary>
    private readonly List<(CowBranch<TKey> Branch, int Next)> _path = [];

    private CowLeaf<TKey, TItem>? _leaf;

    private int _at;

    public TKey Key => _leaf!.Keys[_at];

    public TItem Item => _leaf!.Items[_at];

    public bool MoveNext()
    {
        while (_leaf is not null)
        {
            if (--_at >= 0)
            {
                return true;
            }

            MoveToLeafBefore();
        }

        return false;
    }

    internal void Push(CowBranch<TKey> branch, int next) => _path.Add((branch, next));

    internal void Enter(CowLeaf<TKey, TItem> leaf, int at)
    {
        _leaf = leaf;
        _at = at;
    }

    private void MoveToLeafBefore()
    {
        _leaf = null;
        while (_leaf is null && _path.Count > 0)
        {
            var (branch, next) = _path[^1];
            if (next < 0)
            {
                _path.RemoveAt(_path.Count - 1);
                continue;
            }

            _path[^1] = (branch, next - 1);
            if (branch.Children[next] is CowBranch<TKey> inner)
            {
                Push(inner, inner.Count - 1);
            }
            else
            {
                var leaf = (CowLeaf<TKey, TItem>)branch.Children[next];
                Enter(leaf, leaf.Count);
            }
        }
    }
}
