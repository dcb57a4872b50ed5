using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>The answer while it grows, and what the request lets into it.</summary>
internal sealed class RangePage(RangeRequest request)
{
    private long _bytes;

    public RangeRequest Request { get; } = request;

    public KeyRange Range { get; } = new(request.Key, request.RangeEnd);

    public List<KeyValue> Items { get; } = [];

    /// <summary>Larger values are left out; an empty one never is.</summary>
    public int MaxValueBytes { get; } = request.KeysOnly ? 0 : request.MaxValueBytes;

    public bool IsOneKey => Request.RangeEnd.IsEmpty;

    /// <summary>By the limit of items, or by that of bytes.</summary>
    public bool IsFull { get; private set; } = request.CountOnly;

    public bool Takes(int valueBytes) => valueBytes <= MaxValueBytes;

    /// <summary>Counts an item in. False where it would exceed the limit of bytes: the page ends before it.</summary>
    public bool HasRoomFor(byte[] key, int valueBytes)
    {
        _bytes += key.Length + (Takes(valueBytes) ? valueBytes : 0);
        if (Request.MaxBytes > 0 && Items.Count > 0 && _bytes > Request.MaxBytes)
        {
            IsFull = true;
            return false;
        }

        IsFull = Request.Limit > 0 && Items.Count + 1 >= Request.Limit;
        return true;
    }
}
