namespace Raftd.Api.Http;

/// <summary>Bounds the bytes of all request bodies held at once. Full means 429, never a queue.</summary>
internal sealed class BodyBudget(long limitBytes)
{
    private long _usedBytes;

    public long LimitBytes { get; } = limitBytes;

    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    public bool TryReserve(long bytes)
    {
        if (Interlocked.Add(ref _usedBytes, bytes) <= LimitBytes)
        {
            return true;
        }

        Release(bytes);
        return false;
    }

    public void Release(long bytes) => Interlocked.Add(ref _usedBytes, -bytes);
}
