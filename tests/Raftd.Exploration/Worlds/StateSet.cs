namespace Raftd.Exploration.Worlds;

/// <summary>Every state by a fingerprint of 64 bits, and how it was first reached: from which state, by which action.</summary>
/// <remarks>
/// A hash table with open addressing for the fingerprints, and two arrays for the way: 24 to 40 bytes a state. Two among
/// n states have the same fingerprint with a chance of about n^2 / 2^65, for ten million states 3 in a million; then one
/// of them is not looked at.
/// </remarks>
internal sealed class StateSet
{
    private ulong[] _table = new ulong[1 << 16];
    private (int Parent, int Action)[] _ways = new (int, int)[1 << 15];

    public int Count { get; private set; }

    /// <summary>The state's way begins at another state's number, or at -1.</summary>
    public (int Parent, int Action) WayTo(int state) => _ways[state];

    /// <summary>False when it was there already. The new one has the number Count - 1.</summary>
    public bool TryAdd(ulong fingerprint, int parent, int action)
    {
        var key = fingerprint == 0 ? 1 : fingerprint;
        var slot = Find(key);
        if (_table[slot] == key)
        {
            return false;
        }

        _table[slot] = key;
        if (Count == _ways.Length)
        {
            Array.Resize(ref _ways, 2 * Count);
        }

        _ways[Count++] = (parent, action);
        if (2 * Count > _table.Length)
        {
            Grow();
        }

        return true;
    }

    private int Find(ulong key)
    {
        var mask = _table.Length - 1;
        var slot = (int)key & mask;
        while (_table[slot] != 0 && _table[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        var old = _table;
        _table = new ulong[2 * old.Length];
        foreach (var key in old)
        {
            if (key != 0)
            {
                _table[Find(key)] = key;
            }
        }
    }
}
