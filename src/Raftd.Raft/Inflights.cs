namespace Raftd.Raft;

/// <summary>The append messages under way to one peer, oldest first: a ring bounded in messages and in bytes.</summary>
/// <remarks>
/// A lost acknowledgement must not hold a slot for ever. Three things free slots: an acknowledgement of an index frees
/// every message up to it, a refusal empties the ring (the peer is probed again), and the answer to a heartbeat frees the
/// oldest slot of a full ring, so that one more message finds out where the peer stands.
/// The ring counts messages and not entries, because an acknowledgement names an index and nothing else: several messages
/// may be answered by one.
/// </remarks>
internal sealed class Inflights(int maxMessages, long maxBytes)
{
    private readonly record struct Slot(ulong LastIndex, long Bytes);

    private Slot[] _ring = new Slot[Math.Min(maxMessages, 8)];
    private int _start;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>The last message may exceed the byte limit, so that one that is larger than the limit can be sent at all.</summary>
    public bool IsFull => Count == maxMessages || Bytes >= maxBytes;

    /// <summary>Notes a message whose last entry is <paramref name="lastIndex"/>, above every one noted before.</summary>
    public void Add(ulong lastIndex, long bytes)
    {
        Invariant.Check(!IsFull, $"inflights full: {Count} of {maxMessages} messages, {Bytes} of {maxBytes} bytes");
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[(_start + Count) % _ring.Length] = new Slot(lastIndex, bytes);
        Count++;
        Bytes += bytes;
    }

    /// <summary>Frees every message whose entries are all at or below <paramref name="index"/>.</summary>
    /// <remarks>Messages leave in the order of their entries, so the scan ends at the first that reaches further.</remarks>
    public void FreeUpTo(ulong index)
    {
        while (Count > 0 && _ring[_start].LastIndex <= index)
        {
            FreeFirst();
        }
    }

    public void FreeFirst()
    {
        Bytes -= _ring[_start].Bytes;
        _start = (_start + 1) % _ring.Length;
        Count--;
    }

    public void Reset()
    {
        _start = 0;
        Count = 0;
        Bytes = 0;
    }

    private void Grow()
    {
        var larger = new Slot[(int)Math.Min(maxMessages, 2L * _ring.Length)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = _ring[(_start + i) % _ring.Length];
        }

        _ring = larger;
        _start = 0;
    }
}
