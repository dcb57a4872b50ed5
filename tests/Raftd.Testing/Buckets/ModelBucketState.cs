using System.Collections.Immutable;
using Raftd.Store.Buckets;

namespace Raftd.Testing.Buckets;

/// <summary>A key and its value; compared by key alone, as unsigned bytes.</summary>
internal readonly record struct ModelPair(byte[] Key, byte[] Value) : IComparable<ModelPair>
{
    public int CompareTo(ModelPair other) => Key.AsSpan().SequenceCompareTo(other.Key);
}

/// <summary>All buckets at one moment. Never changes: a snapshot is a reference to it.</summary>
internal sealed record ModelBucketState(ImmutableArray<ImmutableSortedSet<ModelPair>> Buckets, long Bytes)
{
    public static readonly ModelBucketState Empty = new(
        [.. Enumerable.Repeat(ImmutableSortedSet<ModelPair>.Empty, BucketLimits.BucketCount)], 0);

    public ImmutableSortedSet<ModelPair> this[Bucket bucket] => Buckets[(int)bucket];

    public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value)
    {
        RequireKey(key.Length is > 0, key.Length);
        var found = this[bucket].TryGetValue(new ModelPair(key.ToArray(), []), out var pair);
        value = found ? pair.Value : default;
        return found;
    }

    public ModelBucketState Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        RequireKey(key.Length is > 0 and <= BucketLimits.MaxKeyBytes, key.Length);
        var without = Delete(bucket, key, out _);
        var pair = new ModelPair(key.ToArray(), value.ToArray());
        return without.With(bucket, without[bucket].Add(pair), key.Length + value.Length);
    }

    public ModelBucketState Delete(Bucket bucket, ReadOnlySpan<byte> key, out bool existed)
    {
        RequireKey(key.Length is > 0, key.Length);
        var probe = new ModelPair(key.ToArray(), []);
        existed = this[bucket].TryGetValue(probe, out var pair);
        return existed ? With(bucket, this[bucket].Remove(probe), -pair.Key.Length - pair.Value.Length) : this;
    }

    private static void RequireKey(bool condition, int length)
    {
        if (!condition)
        {
            throw new BucketStoreException(BucketStoreFault.BadRequest, $"a key of {length} bytes");
        }
    }

    private ModelBucketState With(Bucket bucket, ImmutableSortedSet<ModelPair> pairs, long bytes) =>
        new(Buckets.SetItem((int)bucket, pairs), Bytes + bytes);
}
