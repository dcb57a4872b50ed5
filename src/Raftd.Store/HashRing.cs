namespace Raftd.Store;

/// <summary>The hashes after the last 4 096 entries. One thread writes, any thread reads without waiting.</summary>
internal sealed class HashRing
{
    public const int Size = 4096;

    private readonly ulong[] _indexes = new ulong[Size];
    private readonly ulong[] _hashes = new ulong[Size];

    public void Set(ulong index, ulong hash)
    {
        var at = (int)(index % Size);
        // A reader that meets the slot in between sees index 0 or two different indexes, and finds nothing.
        Volatile.Write(ref _indexes[at], 0);
        Interlocked.MemoryBarrier();
        Volatile.Write(ref _hashes[at], hash);
        Volatile.Write(ref _indexes[at], index);
    }

    public bool TryGet(ulong index, out ulong hash)
    {
        var at = (int)(index % Size);
        var before = Volatile.Read(ref _indexes[at]);
        hash = Volatile.Read(ref _hashes[at]);
        Interlocked.MemoryBarrier();
        var after = Volatile.Read(ref _indexes[at]);
        return index != 0 && before == index && after == index;
    }
}
