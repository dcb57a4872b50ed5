using Raftd.State.Keyspaces;

namespace Raftd.Store.Mvcc;

/// <summary>Revisions applied since the last freeze, in order. One thread appends, any thread looks up.</summary>
/// <remarks>
/// An append writes the record into its slot first and the count after it (release); a reader reads the count first
/// (acquire) and never looks beyond it. Blocks do not move; the directory of blocks is replaced, never changed where a
/// reader may look.
/// </remarks>
internal sealed class Overlay
{
    private const int BlockShift = 10;
    private const int BlockItems = 1 << BlockShift;

    private RevisionRecord[][] _blocks = new RevisionRecord[4][];

    private int _count;

    private long _bytes;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Logical bytes of its records.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public RevisionRecord this[int at] => Volatile.Read(ref _blocks)[at >> BlockShift][at & (BlockItems - 1)];

    public void Append(RevisionRecord record)
    {
        var block = _count >> BlockShift;
        if (block == _blocks.Length)
        {
            var grown = new RevisionRecord[_blocks.Length * 2][];
            Array.Copy(_blocks, grown, _blocks.Length);
            Volatile.Write(ref _blocks, grown);
        }

        _blocks[block] ??= new RevisionRecord[BlockItems];
        _blocks[block][_count & (BlockItems - 1)] = record;
        Volatile.Write(ref _bytes, _bytes + record.LogicalBytes);
        Volatile.Write(ref _count, _count + 1);
    }

    public RevisionRecord? Find(Revision revision)
    {
        var at = LowerBound(revision);
        return at < Count && this[at] is var record && record.Revision == revision ? record : null;
    }

    /// <summary>The place of the first record that is not before the revision; Count where all are.</summary>
    public int LowerBound(Revision revision)
    {
        var low = 0;
        var high = Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (this[middle].Revision.CompareTo(revision) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}

/// <summary>The half that is appended to and the half that is being flushed, as one value.</summary>
internal sealed record OverlayHalves(Overlay Active, Overlay? Frozen);
