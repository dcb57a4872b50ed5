using System.Collections.Concurrent;
using System.Diagnostics;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Values written at a steady pace until this is disposed of, and how long each took.</summary>
/// <remarks>A time begins when the write was due, not when a writer was free for it: a pause of the cluster counts for all the
/// writes that it held up.</remarks>
internal sealed class SteadyWrites : IAsyncDisposable
{
    // At 5 ms each far more than are needed; in a pause they all wait.
    private const int Writers = 64;

    private readonly CancellationTokenSource _stop = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly NumberedValues _values;
    private readonly TimeSpan _interval;
    private readonly Task[] _writers;
    private ConcurrentBag<TimeSpan> _times = [];
    private int _turn = -1;
    private int _failed;

    public SteadyWrites(NumberedValues values, int bytesPerSecond)
    {
        _values = values;
        _interval = TimeSpan.FromSeconds((double)values.ValueBytes / bytesPerSecond);
        _writers = [.. Enumerable.Range(0, Writers).Select(_ => Task.Run(WriteAsync))];
    }

    /// <summary>Returns once so much time's writes have been answered since the last time that figures were taken.</summary>
    public Task MoreAsync(TimeSpan time) => Until.TrueAsync(
        "the writes go on", TimeSpan.FromSeconds(60) + time, () => _times.Count >= time / _interval);

    /// <summary>Of the writes that were acknowledged since the last time.</summary>
    public SteadyFigures Take()
    {
        var times = Interlocked.Exchange(ref _times, []).Order().ToArray();
        return new SteadyFigures(times.Length, Interlocked.Exchange(ref _failed, 0), At(0.5), At(0.99));

        double At(double share) => times.Length == 0 ? double.NaN : times[(int)(times.Length * share)].TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            var due = _interval * Interlocked.Increment(ref _turn);
            var wait = due - Stopwatch.GetElapsedTime(_started);
            if (wait > TimeSpan.Zero)
            {
                await Task.WhenAny(Task.Delay(wait, _stop.Token));
            }

            if (!_stop.IsCancellationRequested)
            {
                await WriteAsync(due);
            }
        }
    }

    private async Task WriteAsync(TimeSpan due)
    {
        try
        {
            if ((await _values.PutAsync()).Status == 200)
            {
                _times.Add(Stopwatch.GetElapsedTime(_started) - due);
                return;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // Of unknown outcome: no client was told that it is there.
        }

        Interlocked.Increment(ref _failed);
    }
}

internal sealed record SteadyFigures(int Acknowledged, int Failed, double P50Ms, double P99Ms)
{
    public override string ToString() => $"{Acknowledged} PUTs, {Failed} failed, p50 {P50Ms:0.0} ms, p99 {P99Ms:0.0} ms";
}
