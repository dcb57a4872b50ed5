// Newest values of up to 4 KiB, kept in the records of the index.
//
// The naive way is that the apply thread alone fills and clears them: it caches what it writes, and evicts when there is
// too much. A value that was evicted, or that a start had no room for, is then read from the store for ever, however
// often it is asked for. So readers fill, too, and the count has to survive any number of them. Each record has one slot:
//
//     empty ── Fill, any reader ──> value ── eviction, any thread ──> empty
//     empty or value ── Retire, the apply thread, once no new view shows the record ──> retired, for good
//
// Every arrow is one atomic exchange of the slot, so each value is put in by one thread and taken out by one.
//
//   1. A value is counted before it goes into a slot, and uncounted by the thread that takes it out: the count is never
//      below what the slots hold, and equal to it at rest.
//   2. Retired is final. A reader with an older view may still hold a record that the index has lost; a value that it
//      could put in there would be counted until the process ends.
//   3. What would go beyond the limit is not counted and not cached: the slots never hold more than the limit.
//
// Eviction is a clock: a hand goes round the index and clears what was not read since its last visit. A reader that finds
// no room moves a hand a few records on, the apply thread moves its own with each publish, to keep a sixteenth free for
// what is written next. Neither waits for the other.

using Raftd.Contract;
using Raftd.State.Trees;

namespace Raftd.Store.Mvcc;

internal sealed class ValueCache(long limitBytes)
{
    /// <summary>Larger values are read from the store, where the operating system's page cache has them.</summary>
    public const int MaxValueBytes = Bounds.MaxCachedValueBytes;

    /// <summary>Records that a reader looks at to make room: about as long as the read of the store that it has just done.</summary>
    private const int VisitsOfReader = 32;

    /// <summary>With each publish and for each change in it: while the cache is full, about a millisecond at most.</summary>
    private const int VisitsForChange = 32;

    private const int MaxVisitsOfWriter = 4096;

    /// <summary>Guards the readers' hand. Tried, never waited for.</summary>
    private readonly Lock _sweep = new();

    private byte[] _readersHand = [];
    private byte[] _writersHand = [];
    private long _countedBytes;

    public long LimitBytes { get; } = limitBytes;

    /// <summary>What the cached values take, as CostOf counts it.</summary>
    public long CountedBytes => Interlocked.Read(ref _countedBytes);

    /// <summary>What an array of this length takes in memory: its header, type and length, and its bytes in whole words.</summary>
    public static int CostOf(int valueBytes) => 24 + ((valueBytes + 7) & ~7);

    /// <summary>The value if there is room for it, counted for the record that is about to be made; else null.</summary>
    public byte[]? Admit(byte[] value) => value.Length <= MaxValueBytes && TryCount(value.Length) ? value : null;

    /// <summary>Keeps what a reader had to look for elsewhere. Any thread.</summary>
    /// <param name="record">The record whose value it is, of any view, old or new.</param>
    /// <param name="value">Never changed again.</param>
    /// <param name="index">Of that view; room is made among its records.</param>
    public void Fill(KeyRecord record, byte[] value, CowSnapshot<byte[], KeyRecord> index)
    {
        var cost = CostOf(value.Length);
        if (value.Length > MaxValueBytes || cost > LimitBytes)
        {
            return;
        }

        if (!TryCount(value.Length))
        {
            MakeRoomForReader(index, cost);
            if (!TryCount(value.Length))
            {
                return;
            }
        }

        if (!record.TrySetCached(value))
        {
            GiveBack(value);
        }
    }

    /// <summary>Takes the value out of a record that the index has lost, for good. Apply thread.</summary>
    /// <param name="record">No view made from now on shows it.</param>
    /// <param name="heir">The record of the same version that has its place; null where there is none.</param>
    public void Retire(KeyRecord record, KeyRecord? heir)
    {
        if (record.RetireCached() is { } value && heir?.TrySetCached(value) != true)
        {
            GiveBack(value);
        }
    }

    /// <summary>Keeps room for what is written next. Apply thread.</summary>
    public void MakeRoomForWriter(CowSnapshot<byte[], KeyRecord> index, int changes)
    {
        var visits = Math.Min((long)changes * VisitsForChange, MaxVisitsOfWriter);
        _writersHand = Sweep(index, _writersHand, LimitBytes / 16, (int)visits);
    }

    private void MakeRoomForReader(CowSnapshot<byte[], KeyRecord> index, int bytes)
    {
        if (!_sweep.TryEnter())
        {
            return;
        }

        try
        {
            _readersHand = Sweep(index, _readersHand, bytes, VisitsOfReader);
        }
        finally
        {
            _sweep.Exit();
        }
    }

    /// <returns>The key to go on at.</returns>
    private byte[] Sweep(CowSnapshot<byte[], KeyRecord> index, byte[] hand, long roomBytes, int visits)
    {
        if (HasRoom(roomBytes))
        {
            return hand;
        }

        var scan = index.From(new BytesProbe(hand));
        while (true)
        {
            if (!scan.MoveNext())
            {
                scan = index.All();
                if (!scan.MoveNext())
                {
                    return [];
                }
            }

            if (visits-- <= 0 || HasRoom(roomBytes))
            {
                return scan.Key;
            }

            Visit(scan.Item);
        }
    }

    private bool HasRoom(long bytes) => CountedBytes + bytes <= LimitBytes;

    private void Visit(KeyRecord record)
    {
        if (record.Touched)
        {
            record.Touched = false;
        }
        else if (record.EvictCached() is { } value)
        {
            GiveBack(value);
        }
    }

    private bool TryCount(int valueBytes)
    {
        var cost = CostOf(valueBytes);
        if (Interlocked.Add(ref _countedBytes, cost) <= LimitBytes)
        {
            return true;
        }

        Interlocked.Add(ref _countedBytes, -cost);
        return false;
    }

    private void GiveBack(byte[] value) => Interlocked.Add(ref _countedBytes, -CostOf(value.Length));
}
