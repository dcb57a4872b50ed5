using System.Collections.Immutable;
using Raftd.Store.Buckets;

namespace Raftd.Testing.Buckets;

/// <summary>A place in a sorted set; pairs is asked at each seek, so that a writer's cursor sees its changes.</summary>
internal sealed class ModelCursor(Func<ImmutableSortedSet<ModelPair>> pairs) : IBucketCursor
{
    private ImmutableSortedSet<ModelPair> _pairs = [];
    private int _place = -1;
    private ModelPair _pair;

    public ReadOnlySpan<byte> Key => _place < 0 ? default : _pair.Key;

    public ReadOnlySpan<byte> Value => _place < 0 ? default : _pair.Value;

    public bool Seek(scoped ReadOnlySpan<byte> key)
    {
        _pairs = pairs();
        var place = key.IsEmpty ? 0 : _pairs.IndexOf(new ModelPair(key.ToArray(), []));
        return StandAt(place < 0 ? ~place : place);
    }

    public bool SeekLast()
    {
        _pairs = pairs();
        return StandAt(_pairs.Count - 1);
    }

    public bool MoveNext() => _place >= 0
        ? StandAt(_place + 1)
        : throw new InvalidOperationException("a cursor that stands nowhere was moved on; seek first");

    public void Forget() => _place = -1;

    public void Dispose() => Forget();

    private bool StandAt(int place)
    {
        _place = place >= 0 && place < _pairs.Count ? place : -1;
        _pair = _place >= 0 ? _pairs[_place] : default;
        return _place >= 0;
    }
}
