using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Writers that never stop, and the record of what was acknowledged to them.</summary>
/// <remarks>
/// Each writer puts a new key, then overwrites a counter of its own, through one member after the other. A write that
/// fails is left behind: its outcome may be unknown, so the writer goes on with another key and another counter.
/// </remarks>
internal sealed class Load : IAsyncDisposable
{
    // The processors are there for what goes on beside the load, too.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(3);

    private readonly IReadOnlyList<Member> _members;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, string> _acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> _counters = new(StringComparer.Ordinal);
    private readonly List<Task> _writers = [];
    private readonly string _prefix;
    private readonly string _padding;
    private readonly TimeSpan _pause;
    private int _failed;

    /// <param name="members">Written to in turn.</param>
    /// <param name="prefix">Of the keys.</param>
    /// <param name="writers">Each waits for its answer.</param>
    /// <param name="valueBytes">Of each second value; the others are counters.</param>
    /// <param name="pause">Of a writer between two values.</param>
    public Load(IReadOnlyList<Member> members, string prefix = "load", int writers = 6, int valueBytes = 64, TimeSpan? pause = null)
    {
        _pause = pause ?? Pause;
        _members = members;
        _prefix = prefix;
        _padding = new string('.', valueBytes);
        for (var writer = 0; writer < writers; writer++)
        {
            var number = writer;
            _writers.Add(Task.Run(() => WriteAsync(number)));
        }
    }

    public int Acknowledged => _acknowledged.Count;

    public int Failed => _failed;

    /// <summary>Returns once this many more writes have been acknowledged.</summary>
    public Task MoreAsync(int count, int limitSeconds = 60)
    {
        var goal = Acknowledged + count;
        return Until.TrueAsync($"{count} more writes are acknowledged", TimeSpan.FromSeconds(limitSeconds), () => Acknowledged >= goal);
    }

    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_writers);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    /// <summary>Every acknowledged write is read from every one of these members, by linearizable reads.</summary>
    public async Task VerifyAsync(params IEnumerable<Member> members)
    {
        await StopAsync();
        foreach (var member in members)
        {
            await Parallel.ForEachAsync(
                _acknowledged,
                new ParallelOptions { MaxDegreeOfParallelism = 64 },
                async (write, _) => Assert.Equal($"200 {write.Value}", await ReadAsync(member, write.Key)));
            foreach (var (key, last) in _counters)
            {
                var read = await ReadAsync(member, key);
                Assert.True(
                    read == $"200 {last}" || read == $"200 {last + 1}", $"{key} of {member.Label}: {last} was acknowledged, {read} is read");
            }
        }
    }

    private static async Task<string> ReadAsync(Member member, string key)
    {
        var answer = await member.GetAsync("/key/" + key);
        return $"{answer.Status} {answer.Text}";
    }

    private async Task WriteAsync(int writer)
    {
        var counter = (Epoch: 0, Value: 0);
        for (var turn = 0; !_stop.IsCancellationRequested; turn++)
        {
            var member = _members[(writer + turn) % _members.Count];
            var key = string.Create(CultureInfo.InvariantCulture, $"{_prefix}/{writer}/{turn:000000}");
            var value = key + _padding;
            if (await TryPutAsync(member, key, value))
            {
                _acknowledged[key] = value;
            }

            var name = string.Create(CultureInfo.InvariantCulture, $"{_prefix}/counter/{writer}/{counter.Epoch}");
            if (await TryPutAsync(member, name, (counter.Value + 1).ToString(CultureInfo.InvariantCulture)))
            {
                counter.Value++;
                _counters[name] = counter.Value;
            }
            else
            {
                counter = (counter.Epoch + 1, 0);
            }

            await Task.Delay(_pause);
        }
    }

    private async Task<bool> TryPutAsync(Member member, string key, string value)
    {
        try
        {
            var answer = await member.SendAsync(HttpMethod.Put, "/key/" + key, Encoding.UTF8.GetBytes(value), TimeSpan.FromSeconds(8));
            if (answer.Status == 200)
            {
                return true;
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            // The member is gone, stopped or slow; another one is next.
        }

        Interlocked.Increment(ref _failed);

        // A dead member refuses at once: without a pause a writer would only burn the processor.
        await Task.Delay(20);
        return false;
    }
}
