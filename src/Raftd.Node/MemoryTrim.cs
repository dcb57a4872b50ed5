namespace Raftd.Node;

/// <summary>Gives memory back once a busy member has come to rest.</summary>
/// <remarks>
/// The runtime collects only when memory is allocated: a member at rest keeps the garbage of its last burst, or of its
/// start, measured at 30 to 40 MB. One compacting collection returns it. All threads stop for it, a few milliseconds for
/// each 10 MB of live data, so a large heap is left alone: no follower may take the pause for a dead leader.
/// </remarks>
internal sealed class MemoryTrim
{
    private const int RestTurns = 10;
    private const long RestBytesPerTurn = 1 << 20;
    private const long WorthwhileBytes = 8 << 20;
    private const long MaxHeapBytes = 128 << 20;

    private long _allocatedBytes;
    private long _trimmedAtBytes;
    private int _turnsAtRest;

    /// <summary>Called once a second, always by the same caller.</summary>
    public void Turn()
    {
        if (IsDue(GC.GetTotalAllocatedBytes(), GC.GetTotalMemory(forceFullCollection: false)))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <param name="allocatedBytes">By this process since its start.</param>
    /// <param name="heapBytes">In the heap now, garbage included.</param>
    internal bool IsDue(long allocatedBytes, long heapBytes)
    {
        _turnsAtRest = allocatedBytes - _allocatedBytes < RestBytesPerTurn ? _turnsAtRest + 1 : 0;
        _allocatedBytes = allocatedBytes;
        if (_turnsAtRest < RestTurns || allocatedBytes - _trimmedAtBytes < WorthwhileBytes || heapBytes > MaxHeapBytes)
        {
            return false;
        }

        _trimmedAtBytes = allocatedBytes;
        return true;
    }
}
