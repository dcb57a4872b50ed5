namespace Raftd.Tls;

/// <summary>At most one line each ten seconds of a kind that strangers can cause.</summary>
internal sealed class LogPace(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _spokeAt;
    private long _silenced;

    /// <param name="silenced">How many were not told since the last line.</param>
    public bool MaySpeak(out long silenced)
    {
        lock (_gate)
        {
            silenced = _silenced;
            if (_spokeAt is { } last && time.GetElapsedTime(last) < Interval)
            {
                _silenced++;
                return false;
            }

            _spokeAt = time.GetTimestamp();
            _silenced = 0;
            return true;
        }
    }
}
