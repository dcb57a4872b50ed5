using Raftd.Store.Buckets;

namespace Raftd.Testing.Buckets;

/// <summary>Of a store without pages: some steps, after which it holds what it held.</summary>
internal sealed class ModelDefragmentation(ModelBucketStore store) : IDefragmentation
{
    private int _stepsLeft = 3;

    public long FormerBytes { get; } = store.SizeBytes;

    public bool IsInDoubt => false;

    public bool Step() => --_stepsLeft > 0;

    public void Dispose()
    {
    }
}
