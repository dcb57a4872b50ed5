namespace Raftd.Api.Http;

/// <summary>How long a message may be under way that holds a part of a budget: ten seconds, and what its size takes at the
/// least rate. The same as for bodies of REST.</summary>
internal sealed class Patience : IDisposable
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    private readonly CancellationToken _ended;
    private readonly CancellationTokenSource _time;
    private readonly CancellationTokenSource _either;

    /// <param name="bytes">The message's.</param>
    /// <param name="services">The rate and the clock.</param>
    /// <param name="ended">The call's own end, which may come earlier.</param>
    public Patience(long bytes, ApiServices services, CancellationToken ended)
    {
        _ended = ended;
        _time = new CancellationTokenSource(
            Grace + TimeSpan.FromSeconds((double)bytes / services.Options.MinTransferBytesPerSecond), services.Clock);
        _either = CancellationTokenSource.CreateLinkedTokenSource(ended, _time.Token);
    }

    public CancellationToken Token => _either.Token;

    /// <summary>The time has run out, and the call had not ended before.</summary>
    public bool IsOver => HasRunOut && !_ended.IsCancellationRequested;

    /// <summary>The time has run out; the call may have ended as well.</summary>
    public bool HasRunOut => _time.IsCancellationRequested;

    public void Dispose()
    {
        _either.Dispose();
        _time.Dispose();
    }
}
