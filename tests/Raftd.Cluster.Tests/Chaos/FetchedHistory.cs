using System.Collections.Concurrent;
using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Histories;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>What one real member holds, as far as it was asked beforehand.</summary>
internal sealed class FetchedHistory(long newest, ConcurrentDictionary<(string Key, long Revision), KeyVersion?> answers) : IHistory
{
    private const int AtOnce = 32;

    public long Newest => newest;

    public IEnumerable<KeyVersion> Versions => answers.Values.OfType<KeyVersion>();

    public static async Task<FetchedHistory> OfAsync(Member member, IReadOnlyList<(string Key, long Revision)> questions)
    {
        // A linearizable read first: from then on the member itself has all that was acknowledged.
        var newest = await member.GetAsync("/key/chaos");
        var answers = new ConcurrentDictionary<(string Key, long Revision), KeyVersion?>();
        await Parallel.ForEachAsync(
            questions.Where(question => question.Revision >= 1),
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (question, _) =>
            {
                var target = string.Create(CultureInfo.InvariantCulture, $"/key/{question.Key}?level=stale&rev={question.Revision}");
                answers[question] = RecordedCall.ToVersion(question.Key, await member.GetAsync(target));
            });
        return new FetchedHistory(long.Parse(newest.Header("X-Raftd-Revision")!, CultureInfo.InvariantCulture), answers);
    }

    public KeyVersion? Find(string key, long revision) => revision < 1 ? null : answers[(key, revision)];

    public string Describe(string key, string rangeEnd, long revision) =>
        Find(key, revision) is { } version ? KeyVersion.Describe([version]) : "";
}
