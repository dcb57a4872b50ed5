using Raftd.State.Keyspaces;

namespace Raftd.State.Timekeeping;

/// <summary>The keys with a deadline of their own of one lease: mostly one, in few leases many.</summary>
internal sealed class KeyTimers
{
    /// <summary>Up to this many are searched one by one; a table of names would cost more than it saves.</summary>
    private const int Few = 8;

    private readonly List<KeyTimer> _keys = new(1);
    private Dictionary<byte[], KeyTimer>? _byName;

    public int Count => _keys.Count;

    /// <summary>Any of them.</summary>
    public KeyTimer Last => _keys[^1];

    public KeyTimer? Find(ReadOnlySpan<byte> key)
    {
        if (_byName is not null)
        {
            return _byName.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var found) ? found : null;
        }

        foreach (var timer in _keys)
        {
            if (key.SequenceEqual(timer.Key))
            {
                return timer;
            }
        }

        return null;
    }

    /// <summary>Adds a key that is not there.</summary>
    public void Add(KeyTimer key)
    {
        key.Place = _keys.Count;
        _keys.Add(key);
        if (_byName is not null)
        {
            _byName.Add(key.Key, key);
        }
        else if (_keys.Count > Few)
        {
            _byName = _keys.ToDictionary(static each => each.Key, BytesComparer.Instance);
        }
    }

    /// <summary>Takes a key out that is there.</summary>
    public void Remove(KeyTimer key)
    {
        var last = _keys[^1];
        _keys[key.Place] = last;
        last.Place = key.Place;
        _keys.RemoveAt(_keys.Count - 1);
        _byName?.Remove(key.Key);
    }
}
