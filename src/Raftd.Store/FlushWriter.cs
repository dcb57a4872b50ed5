using Raftd.State.Wire;
using Raftd.Store.Buckets;

namespace Raftd.Store;

/// <summary>What the parts of the state write a flush with: the transaction, and one buffer for all values.</summary>
internal sealed class FlushWriter(IBucketWriter writer)
{
    /// <summary>Alarms and the like are few; more than this at a time would make a long step.</summary>
    private const int PairsPerDelete = 64;

    private readonly WireWriter _buffer = new(4096);

    /// <summary>Empty, for the next value.</summary>
    public WireWriter NewValue()
    {
        _buffer.Reset();
        return _buffer;
    }

    /// <summary>Stores the value as it is; it has checksums of its own.</summary>
    public void Put(Bucket bucket, ReadOnlySpan<byte> key) => writer.Put(bucket, key, _buffer.Written);

    /// <summary>Stores the value with its checksum behind it.</summary>
    public void PutSealed(Bucket bucket, ReadOnlySpan<byte> key)
    {
        StoredChecksum.Seal(_buffer, key);
        writer.Put(bucket, key, _buffer.Written);
    }

    public void Delete(Bucket bucket, ReadOnlySpan<byte> key) => writer.Delete(bucket, key);

    public void DeleteAll(Bucket bucket)
    {
        while (writer.DeleteRange(bucket, [], [], PairsPerDelete) == PairsPerDelete)
        {
        }
    }
}
