using System.Diagnostics;
using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>A new key, put through some members again and again until one of them acknowledges it: how long a cluster that lost
/// some links is not available.</summary>
internal sealed record FirstWrite(string Target, TimeSpan Took)
{
    // One that was forwarded into a cut hangs.
    private static readonly TimeSpan WritePatience = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(2);
    private static int _number;

    public static async Task<FirstWrite> ThroughAsync(IReadOnlyList<Member> members, TimeSpan bound)
    {
        var target = string.Create(CultureInfo.InvariantCulture, $"/key/first/{Interlocked.Increment(ref _number)}");
        var started = Stopwatch.GetTimestamp();
        await Until.TrueAsync("a majority acknowledges a write", bound, async () =>
        {
            var answers = await Task.WhenAll(members.Select(member => TryAsync(member, HttpMethod.Put, target, [1], WritePatience)));
            return answers.Any(answer => answer?.Status == 200);
        });
        return new FirstWrite(target, Stopwatch.GetElapsedTime(started));
    }

    /// <summary>A read of this member, which may be cut off, is not from before the write: it has the key, or there is no
    /// answer.</summary>
    public async Task ReadNothingOlderAsync(Member member)
    {
        var answer = await TryAsync(member, HttpMethod.Get, Target, null, ReadPatience);
        Assert.True(answer is not { Status: 404 }, $"a stale read of {Target} at {member.Label}: {answer}");
    }

    private static async Task<Answer?> TryAsync(Member member, HttpMethod method, string target, byte[]? body, TimeSpan patience)
    {
        try
        {
            return await member.SendAsync(method, target, body, patience);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }
}
