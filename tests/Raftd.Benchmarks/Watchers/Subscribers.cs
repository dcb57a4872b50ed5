using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Raftd.Benchmarks.Watchers;

/// <summary>Watchers of one key over Server-Sent Events, each on a connection of its own. The key's value is the time of its write.</summary>
internal sealed class Subscribers : IAsyncDisposable
{
    private const string Key = "told";
    private const string ValueField = "\"value\":\"";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = Timeout.InfiniteTimeSpan };
    private readonly CancellationTokenSource _stop = new();
    private readonly string _url;
    private readonly string _writeUrl;
    private ConcurrentQueue<double> _times = new();
    private Task[] _reading = [];

    private Subscribers(string url, string writeUrl) => (_url, _writeUrl) = (url, writeUrl);

    /// <summary>Returns once all watches stand.</summary>
    /// <param name="url">Where they watch.</param>
    /// <param name="count">How many.</param>
    /// <param name="writeUrl">Where is written; null for the same server.</param>
    public static async Task<Subscribers> OpenAsync(string url, int count, string? writeUrl = null)
    {
        var subscribers = new Subscribers(url, writeUrl ?? url);
        var watches = new StreamReader[count];
        await Parallel.ForAsync(0, count, async (i, _) => watches[i] = await subscribers.WatchAsync());
        subscribers._reading = [.. watches.Select(subscribers.ReadAsync)];
        return subscribers;
    }

    /// <summary>Writes the key at a steady pace; ends when all have read all of it.</summary>
    /// <exception cref="BenchmarkException">Some events have not come.</exception>
    public async Task<Delivery> DeliverAsync(int perSecond, TimeSpan time)
    {
        _times = new ConcurrentQueue<double>();
        var started = Stopwatch.GetTimestamp();
        var total = (int)(perSecond * time.TotalSeconds);
        List<Task> writes = [];
        for (var i = 0; i < total; i++)
        {
            var wait = TimeSpan.FromSeconds((double)i / perSecond) - Stopwatch.GetElapsedTime(started);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            writes.Add(WriteAsync());
        }

        await Task.WhenAll(writes);
        var events = total * _reading.Length;
        var written = Stopwatch.GetTimestamp();
        while (_times.Count < events)
        {
            if (Stopwatch.GetElapsedTime(written) > Patience)
            {
                throw new BenchmarkException($"{_times.Count:N0} of {events:N0} events have come");
            }

            await Task.Delay(10);
        }

        return Delivery.Of([.. _times.Order()]);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_reading);
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task<StreamReader> WatchAsync()
    {
        var answer = await _http.GetAsync(new Uri($"{_url}/watch/{Key}"), HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        var lines = new StreamReader(await answer.Content.ReadAsStreamAsync());
        await lines.ReadLineAsync(); // is sent once the watch stands
        return lines;
    }

    private async Task ReadAsync(StreamReader lines)
    {
        using (lines)
        {
            try
            {
                while (await lines.ReadLineAsync(_stop.Token) is { } line)
                {
                    if (line.StartsWith("data:", StringComparison.Ordinal))
                    {
                        _times.Enqueue(Stopwatch.GetElapsedTime(WrittenAt(line)).TotalMilliseconds);
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // It has seen enough.
            }
        }
    }

    private async Task WriteAsync()
    {
        using var value = new StringContent(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
        using var answer = await _http.PutAsync(new Uri($"{_writeUrl}/key/{Key}"), value);
        answer.EnsureSuccessStatusCode();
    }

    private static long WrittenAt(string line)
    {
        var start = line.IndexOf(ValueField, StringComparison.Ordinal) + ValueField.Length;
        return long.Parse(line.AsSpan(start, line.IndexOf('"', start) - start), CultureInfo.InvariantCulture);
    }
}
