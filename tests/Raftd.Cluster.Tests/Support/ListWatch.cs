using System.Diagnostics;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Asks every member without pause who is listed, and notes the first answer that must not be.</summary>
/// <remarks>
/// Only a 200 says something: a member that is down, or cannot ask a leader, tells of no absence. What is allowed is taken
/// before a question is asked for the answer before, and after it for the answer after: a change may fall in between.
/// </remarks>
internal sealed class ListWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _asking;
    private readonly string _target;
    private volatile string[] _allowed = [];
    private volatile string? _violation;
    private long _answers;

    /// <param name="members">Asked side by side.</param>
    /// <param name="target">The list.</param>
    /// <param name="allowed">The answers that may be.</param>
    public ListWatch(IEnumerable<Member> members, string target, params string[] allowed)
    {
        _target = target;
        _allowed = allowed;
        _asking = [.. members.Select(member => Task.Run(() => AskAsync(member)))];
    }

    /// <summary>How many lists have been looked at.</summary>
    public long Answers => Interlocked.Read(ref _answers);

    /// <summary>From now on only these. An answer that is on its way may still be of the old ones.</summary>
    public void Allow(params string[] answers) => _allowed = answers;

    public void Check() => Assert.Null(_violation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_asking);
        _stop.Dispose();
    }

    private async Task AskAsync(Member member)
    {
        while (!_stop.IsCancellationRequested)
        {
            var allowed = _allowed;
            var started = Stopwatch.GetTimestamp();
            if (await ListAsync(member) is { } list)
            {
                Interlocked.Increment(ref _answers);
                if (!allowed.Contains(list, StringComparer.Ordinal) && !_allowed.Contains(list, StringComparer.Ordinal))
                {
                    _violation ??= $"{member.Label} answered {list} after {Stopwatch.GetElapsedTime(started)}, at {DateTime.UtcNow:O}";
                }
            }

            await Task.Delay(Pause, CancellationToken.None);
        }
    }

    private async Task<string?> ListAsync(Member member)
    {
        try
        {
            var answer = await member.GetAsync(_target);
            return answer.Status == 200 ? answer.Text : null;
        }
        catch (Exception lost) when (lost is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
