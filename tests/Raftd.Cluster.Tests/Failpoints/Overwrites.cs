using System.Globalization;
using Raftd.Cluster.Tests.Support;

namespace Raftd.Cluster.Tests.Failpoints;

/// <summary>A few keys, overwritten without end: a history that has to be compacted. Each key has one writer.</summary>
internal sealed class Overwrites : IAsyncDisposable
{
    private const int Writers = 48;
    private const int ValueBytes = 1000;

    private readonly IReadOnlyList<Member> _members;
    private readonly CancellationTokenSource _stop = new();
    private readonly (int Acknowledged, int Asked)[] _last = new (int Acknowledged, int Asked)[Writers];
    private readonly Task[] _writers;

    public Overwrites(IReadOnlyList<Member> members)
    {
        _members = members;
        _writers = [.. Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer)))];
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

    /// <summary>Every key has what was acknowledged last, or something asked for later, on every member.</summary>
    public async Task VerifyAsync()
    {
        foreach (var member in _members)
        {
            for (var writer = 0; writer < Writers; writer++)
            {
                var answer = await member.GetAsync(KeyOf(writer));
                var number = int.Parse(answer.Text.Split(' ')[0], CultureInfo.InvariantCulture);
                Assert.InRange(number, _last[writer].Acknowledged, _last[writer].Asked);
            }
        }
    }

    private static string KeyOf(int writer) => string.Create(CultureInfo.InvariantCulture, $"/key/overwritten/{writer}");

    private async Task WriteAsync(int writer)
    {
        while (!_stop.IsCancellationRequested)
        {
            var number = ++_last[writer].Asked;
            var value = string.Create(CultureInfo.InvariantCulture, $"{number} ").PadRight(ValueBytes, '.');
            try
            {
                var answer = await _members[(writer + number) % _members.Count].PutAsync(KeyOf(writer), value);
                _last[writer].Acknowledged = answer.Status == 200 ? number : _last[writer].Acknowledged;
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
            {
                await Task.Delay(20, CancellationToken.None); // the member is gone; another one is next
            }
        }
    }
}
