namespace Raftd.Api.Http;

/// <summary>Bounds the bytes that requests of one kind hold at once.</summary>
/// <remarks>Full means 429, never a queue: sixty-four requests that each hold a part and wait for the rest would wait for
/// each other. One that is refused gives back what it held, and the others go on.</remarks>
/// <param name="what">What is counted, as the answer says it: `request bodies`.</param>
/// <param name="limitBytes">Of all of them together.</param>
internal sealed class ByteBudget(string what, long limitBytes)
{
    private long _usedBytes;

    public long LimitBytes { get; } = limitBytes;

    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <exception cref="ApiException">429: nothing is counted.</exception>
    public void Reserve(long bytes)
    {
        if (Interlocked.Add(ref _usedBytes, bytes) > LimitBytes)
        {
            Release(bytes);
            throw new ApiException(ApiError.TooManyRequests($"the {what} in flight would exceed {LimitBytes} bytes"));
        }
    }

    public void Release(long bytes) => Interlocked.Add(ref _usedBytes, -bytes);

    /// <summary>Counts the bytes until the share is disposed of.</summary>
    /// <exception cref="ApiException">429: nothing is counted.</exception>
    public Share Hold(long bytes)
    {
        Reserve(bytes);
        return new Share(this, bytes);
    }

    /// <summary>What one request holds.</summary>
    internal sealed class Share(ByteBudget budget, long bytes) : IDisposable
    {
        private long _bytes = bytes;

        /// <summary>Counts what is there by now, even beyond the limit: it can no longer be refused.</summary>
        public void Correct(long actualBytes)
        {
            budget.Release(_bytes - actualBytes);
            _bytes = actualBytes;
        }

        public void Dispose() => Correct(0);
    }
}
