namespace Raftd.Store.Mvcc;

/// <summary>Which records die at which compaction, in that order.</summary>
/// <remarks>
/// <para>
/// The naive compaction visits every key of the index, at each compaction, in one step of apply. Here a record that is
/// superseded is noted with the revision at which it dies; a compaction looks at the dead and at nothing else, and may
/// do so a few at a time.
/// </para>
/// <para>
/// Two positions move through the queue. SumThrough tells at the compaction itself, in the entry that asks for it, how
/// many logical bytes die: that number is replicated. TryTake is for the cleaning behind it, whose pace is each
/// member's own.
/// </para>
/// </remarks>
internal sealed class DeadQueue
{
    private const int SegmentItems = 1024;

    private Segment _take = new();
    private Segment _sum;
    private Segment _tail;
    private int _takeAt;
    private int _sumAt;

    public DeadQueue() => _sum = _tail = _take;

    /// <summary>Logical bytes of the records that no compaction has reached.</summary>
    public long PendingBytes { get; private set; }

    /// <param name="compactRevision">Not below that of the item before.</param>
    /// <param name="key">The key whose record dies.</param>
    /// <param name="bytes">The record's logical bytes.</param>
    public void Add(long compactRevision, byte[] key, int bytes)
    {
        if (_tail.Count == SegmentItems)
        {
            _tail.Next = new Segment();
            _tail = _tail.Next;
        }

        _tail.At[_tail.Count] = compactRevision;
        _tail.Keys[_tail.Count] = key;
        _tail.Bytes[_tail.Count] = bytes;
        _tail.Count++;
        PendingBytes += bytes;
    }

    /// <summary>The bytes that die at this compaction and did not at an earlier one.</summary>
    public long SumThrough(long compactRevision)
    {
        var sum = 0L;
        while (Advance(ref _sum, ref _sumAt) && _sum.At[_sumAt] <= compactRevision)
        {
            sum += _sum.Bytes[_sumAt++];
        }

        PendingBytes -= sum;
        return sum;
    }

    /// <summary>Whether TryTake would find a key.</summary>
    public bool HasTakeable(long compactRevision) => Advance(ref _take, ref _takeAt) && _take.At[_takeAt] <= compactRevision;

    /// <summary>Takes the next key that has dead records. SumThrough for the same revision came before.</summary>
    public bool TryTake(long compactRevision, out byte[] key)
    {
        if (HasTakeable(compactRevision))
        {
            key = _take.Keys[_takeAt];
            _take.Keys[_takeAt++] = null!;
            return true;
        }

        key = [];
        return false;
    }

    private static bool Advance(ref Segment segment, ref int at)
    {
        if (at == SegmentItems && segment.Next is { } next)
        {
            segment = next;
            at = 0;
        }

        return at < segment.Count;
    }

    private sealed class Segment
    {
        public readonly long[] At = new long[SegmentItems];
        public readonly byte[][] Keys = new byte[SegmentItems][];
        public readonly int[] Bytes = new int[SegmentItems];
        public int Count;
        public Segment? Next;
    }
}
