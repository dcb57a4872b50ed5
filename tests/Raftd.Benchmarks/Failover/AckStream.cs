using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Raftd.Benchmarks.Failover;

/// <summary>A few clients that write without a pause through the members they are given, and the longest time in which none of
/// them was acknowledged anything.</summary>
internal sealed class AckStream : IAsyncDisposable
{
    private const int ClientsPerMember = 4;

    // Shorter than an election, so that a client which waits for a member that is gone does not hide that writes go again.
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    private readonly HttpClient _client = new() { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _guard = new(); // of the fields below it
    private long _last = Stopwatch.GetTimestamp();
    private TimeSpan _longest;
    private int _acknowledged;
    private readonly Task _clients;

    public AckStream(params string[] urls) =>
        _clients = Task.WhenAll(urls.SelectMany(url => Enumerable.Range(0, ClientsPerMember).Select(number => WriteAsync(url, number))));

    /// <summary>Writes acknowledged so far.</summary>
    public int Acknowledged
    {
        get
        {
            lock (_guard)
            {
                return _acknowledged;
            }
        }
    }

    /// <summary>Returns once that many more writes have been acknowledged.</summary>
    public async Task MoreAsync(int count)
    {
        var goal = Acknowledged + count;
        while (Acknowledged < goal)
        {
            await Task.Delay(2);
        }
    }

    /// <summary>What was the longest is forgotten; the time since the last acknowledgement goes on.</summary>
    public void Forget()
    {
        lock (_guard)
        {
            _longest = TimeSpan.Zero;
        }
    }

    public TimeSpan LongestPause
    {
        get
        {
            lock (_guard)
            {
                return _longest;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _clients;
        _stop.Dispose();
        _client.Dispose();
    }

    private async Task WriteAsync(string url, int number)
    {
        var target = new Uri(string.Create(CultureInfo.InvariantCulture, $"{url}/key/ack/{number}"));
        while (!_stop.IsCancellationRequested)
        {
            if (await TryPutAsync(target))
            {
                Acknowledge();
            }
            else
            {
                await Task.Delay(5);
            }
        }
    }

    private void Acknowledge()
    {
        lock (_guard)
        {
            var now = Stopwatch.GetTimestamp();
            var pause = Stopwatch.GetElapsedTime(_last, now);
            _longest = pause > _longest ? pause : _longest;
            _last = now;
            _acknowledged++;
        }
    }

    private async Task<bool> TryPutAsync(Uri target)
    {
        try
        {
            using var limit = new CancellationTokenSource(Patience);
            using var body = new StringContent("x");
            using var answer = await _client.PutAsync(target, body, limit.Token);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }
}
