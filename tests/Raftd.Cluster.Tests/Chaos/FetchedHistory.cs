using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing.Histories;

namespace Raftd.Cluster.Tests.Chaos;

/// <summary>What one real member holds of some keys: every version behind a revision, and for each key the one before.</summary>
internal sealed class FetchedHistory : IHistory
{
    // Some thousand versions cost one request what one version does.
    private const int PageVersions = 5000;
    private const int AtOnce = 8;

    // In the order of revisions.
    private readonly ConcurrentDictionary<string, (long[] Revisions, KeyVersion?[] Versions)> _keys = new(StringComparer.Ordinal);

    public required long Newest { get; init; }

    /// <summary>Each change of a key: null is a deletion.</summary>
    public IEnumerable<(string Key, long Revision, string? Value)> Changes => _keys.SelectMany(
        static key => key.Value.Revisions.Zip(key.Value.Versions, (revision, version) => (key.Key, revision, version?.Text)));

    /// <param name="member">Asked.</param>
    /// <param name="keys">All that will be looked for.</param>
    /// <param name="behind">No revision before this one will be.</param>
    public static async Task<FetchedHistory> OfAsync(Member member, IEnumerable<string> keys, long behind)
    {
        // A linearizable read first: from then on the member itself has all that was acknowledged.
        var newest = await member.GetAsync("/key/chaos");
        var history = new FetchedHistory { Newest = long.Parse(newest.Header("X-Raftd-Revision")!, CultureInfo.InvariantCulture) };
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
            async (key, _) => history._keys[key] = await FetchAsync(member, key, behind));
        return history;
    }

    public KeyVersion? Find(string key, long revision)
    {
        var (revisions, versions) = _keys[key];
        var at = Array.BinarySearch(revisions, revision);
        at = at < 0 ? ~at - 1 : at;
        return at < 0 ? null : versions[at];
    }

    public string Describe(string key, string rangeEnd, long revision) =>
        Find(key, revision) is { } version ? KeyVersion.Describe([version]) : "";

    private static async Task<(long[] Revisions, KeyVersion?[] Versions)> FetchAsync(Member member, string key, long behind)
    {
        var found = new List<(long Revision, KeyVersion? Version)>();
        for (var from = long.MaxValue; from >= 1;)
        {
            var answer = await member.GetAsync(
                string.Create(CultureInfo.InvariantCulture, $"/history/{key}?level=stale&from={from}&limit={PageVersions}"));
            if (answer.Status == 404 && answer.Code == "not_found")
            {
                break;
            }

            var page = PageOf(key, answer);
            found.AddRange(page.GetProperty("items").EnumerateArray().Select(item => VersionOf(key, item)));
            from = found[^1].Revision <= behind || !page.GetProperty("more").GetBoolean() ? 0 : found[^1].Revision - 1;
        }

        found.Reverse();
        return ([.. found.Select(static version => version.Revision)], [.. found.Select(static version => version.Version)]);
    }

    private static JsonElement PageOf(string key, Answer answer) => answer.Status == 200
        ? answer.Json
        : throw new SafetyViolationException($"the history of {key} was answered with {answer}");

    private static (long Revision, KeyVersion? Version) VersionOf(string key, JsonElement item)
    {
        var revision = long.Parse(item.GetProperty("mod_revision").GetString()!, CultureInfo.InvariantCulture);
        return item.TryGetProperty("deleted", out _)
            ? (revision, null)
            : (revision, new KeyVersion(key, revision, Encoding.UTF8.GetBytes(item.GetProperty("value").GetString()!)));
    }
}
