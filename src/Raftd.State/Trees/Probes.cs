namespace Raftd.State.Trees;

/// <summary>A key in the order of unsigned bytes, a prefix before its extensions.</summary>
internal readonly ref struct BytesProbe(ReadOnlySpan<byte> key) : IProbe<byte[]>
{
    private readonly ReadOnlySpan<byte> _key = key;

    public int CompareTo(byte[] key) => _key.SequenceCompareTo(key);
}

internal readonly struct NumberProbe(long number) : IProbe<long>
{
    public int CompareTo(long key) => number.CompareTo(key);
}

/// <summary>Bytes, then a number: a lease by name and id.</summary>
internal readonly record struct NamedId(byte[] Name, long Id);

internal readonly ref struct NamedIdProbe(ReadOnlySpan<byte> name, long id) : IProbe<NamedId>
{
    private readonly ReadOnlySpan<byte> _name = name;

    public int CompareTo(NamedId key)
    {
        var order = _name.SequenceCompareTo(key.Name);
        return order != 0 ? order : id.CompareTo(key.Id);
    }
}

/// <summary>A number, then bytes: a key of a lease.</summary>
internal readonly record struct IdKey(long Id, byte[] Key);

internal readonly ref struct IdKeyProbe(long id, ReadOnlySpan<byte> key) : IProbe<IdKey>
{
    private readonly ReadOnlySpan<byte> _key = key;

    public int CompareTo(IdKey key)
    {
        var order = id.CompareTo(key.Id);
        return order != 0 ? order : _key.SequenceCompareTo(key.Key);
    }
}
