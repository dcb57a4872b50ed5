using System.Collections.Concurrent;
using System.Globalization;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Large values whose bytes follow from a number, so that the record of what was acknowledged is a number for each
/// key, for a state of any size.</summary>
/// <remarks>Numbers are used once, in turn, and go to the keys in turn: with more keys than numbers each key is written once.
/// Two writes of one key must not be under way at a time.</remarks>
internal sealed class NumberedValues(IReadOnlyList<Member> members, int valueBytes, int keys = int.MaxValue)
{
    private const int Writers = 16;
    private const int Readers = 16;

    private readonly ConcurrentDictionary<int, int> _acknowledged = new();
    private int _next = -1;

    public int ValueBytes => valueBytes;

    /// <summary>Writes so many values as fast as they are taken; each must be acknowledged.</summary>
    /// <param name="count">At most as many as there are keys.</param>
    /// <param name="through">Instead of all members.</param>
    public Task FillAsync(int count, params Member[] through)
    {
        var asked = through.Length > 0 ? through : members;
        return Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = Writers },
            async (_, _) => Assert.Equal(200, (await PutAsync(asked)).Status));
    }

    /// <summary>The next number's, through one member after the other.</summary>
    public Task<Answer> PutAsync() => PutAsync(members);

    /// <summary>A member has every acknowledged value. By linearizable reads, which a member answers from its own state.</summary>
    public Task VerifyAsync(Member member) => Parallel.ForEachAsync(
        _acknowledged,
        new ParallelOptions { MaxDegreeOfParallelism = Readers },
        async (write, _) =>
        {
            var answer = await member.GetAsync(TargetOf(write.Key));
            Assert.True(
                answer.Status == 200 && answer.Body.AsSpan().SequenceEqual(ValueOf(write.Value)),
                $"{TargetOf(write.Key)} of {member.Label}: value {write.Value} was acknowledged, {answer.Status} with {answer.Body.Length} bytes is read");
        });

    private async Task<Answer> PutAsync(IReadOnlyList<Member> through)
    {
        var number = Interlocked.Increment(ref _next);
        var answer = await through[number % through.Count].PutAsync(TargetOf(number % keys), ValueOf(number));
        if (answer.Status == 200)
        {
            _acknowledged[number % keys] = number;
        }

        return answer;
    }

    private static string TargetOf(int key) => string.Create(CultureInfo.InvariantCulture, $"/key/numbered/{key:0000000}");

    private byte[] ValueOf(int number)
    {
        var value = new byte[valueBytes];
        new Random(number).NextBytes(value);
        return value;
    }
}
