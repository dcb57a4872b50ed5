using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Raftd.Benchmarks.Greedy;

/// <summary>Renewals with key and data at a steady pace, which does not wait for those before.</summary>
internal sealed class KeepAlives(string url, string[] leases) : IDisposable
{
    private const int Workers = 64;

    private readonly HttpClient _client = new(new SocketsHttpHandler { MaxConnectionsPerServer = Workers })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    private ConcurrentBag<(HttpStatusCode Status, double Milliseconds)> _answers = [];

    public async Task RunAsync(int perSecond, TimeSpan time)
    {
        var started = Stopwatch.GetTimestamp();
        var total = (int)(perSecond * time.TotalSeconds);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(async _ =>
        {
            for (var i = Interlocked.Increment(ref next); i < total; i = Interlocked.Increment(ref next))
            {
                var wait = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait);
                }

                await RenewAsync(leases[i % leases.Length]);
            }
        }));
    }

    /// <summary>What came since the last time.</summary>
    public KeepAliveResult Take()
    {
        var answers = Interlocked.Exchange(ref _answers, []);
        var times = answers.Select(answer => answer.Milliseconds).Order().ToArray();
        return new KeepAliveResult(
            answers.Count,
            answers.Count(answer => answer.Status != HttpStatusCode.OK),
            times[times.Length / 2],
            times[times.Length * 99 / 100]);
    }

    public void Dispose() => _client.Dispose();

    private async Task RenewAsync(string lease)
    {
        var started = Stopwatch.GetTimestamp();
        using var form = new StringContent("key=nodeinfo&data=here");
        form.Headers.ContentType = new("application/x-www-form-urlencoded");
        using var answer = await _client.PostAsync(new Uri($"{url}/lease/keepalive/{lease}"), form);
        _answers.Add((answer.StatusCode, Stopwatch.GetElapsedTime(started).TotalMilliseconds));
    }
}

/// <summary>Refused is any answer but 200.</summary>
internal sealed record KeepAliveResult(int Count, int Refused, double MedianMs, double P99Ms)
{
    public override string ToString() =>
        $"{Count:N0} keepalives, {Refused:N0} of them refused, p50 {MedianMs:0.0} ms, p99 {P99Ms:0.0} ms";
}
