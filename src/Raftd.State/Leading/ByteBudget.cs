namespace Raftd.State.Leading;

/// <summary>A bound on bytes that many threads take and give back.</summary>
internal sealed class ByteBudget(long limitBytes)
{
    private long _taken;

    /// <returns>False, and nothing is taken, when the bytes do not fit. A single item always fits into an empty budget.</returns>
    public bool TryTake(long bytes)
    {
        if (Interlocked.Add(ref _taken, bytes) <= limitBytes || Interlocked.Read(ref _taken) == bytes)
        {
            return true;
        }

        GiveBack(bytes);
        return false;
    }

    /// <summary>Whether more is taken than fits, with these bytes taken last. A single item always fits.</summary>
    public bool IsExceeded(long bytes) => Interlocked.Read(ref _taken) is var taken && taken > limitBytes && taken != bytes;

    /// <summary>For bytes that must not be refused; may exceed the limit.</summary>
    public void TakeAnyway(long bytes) => Interlocked.Add(ref _taken, bytes);

    public void GiveBack(long bytes) => Interlocked.Add(ref _taken, -bytes);
}
