using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>A page while it grows.</summary>
internal sealed class KeyPageFill(KeyPageRequest request, long at)
{
    /// <summary>Keys that did not live then cost a look as well: a step ends after so many.</summary>
    private const int MaxKeysOfAPage = 4096;

    private long _bytes;
    private bool _isOver;

    public KeyPageRequest Request { get; } = request;

    public long At { get; } = at;

    public KeyRange Range { get; } = new(request.Key, request.RangeEnd);

    public List<KeyValue> Items { get; } = [];

    /// <summary>Keys looked at.</summary>
    public int Looked { get; set; }

    public byte[]? Next { get; set; }

    public bool IsFull => _isOver || Items.Count >= Request.MaxItems || Looked >= MaxKeysOfAPage;

    public bool HasRoomFor(long bytes) => Items.Count == 0 || _bytes + bytes <= Request.MaxBytes;

    public bool TryAdd(KeyValue item)
    {
        var bytes = item.Key.Length + (item.ValueBytes <= Request.MaxValueBytes ? item.ValueBytes : 0);
        if (!HasRoomFor(bytes))
        {
            _isOver = true;
            return false;
        }

        _bytes += bytes;
        Items.Add(item);
        return true;
    }
}
