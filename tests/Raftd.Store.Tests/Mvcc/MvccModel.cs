using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>MVCC as simple as it can be: a whole copy of the keyspace for each revision.</summary>
internal sealed class MvccModel
{
    private readonly SortedDictionary<long, SortedDictionary<string, KeyValue>> _history =
        new() { [1] = new SortedDictionary<string, KeyValue>(StringComparer.Ordinal) };

    public long Revision { get; private set; } = 1;

    public long CompactRevision { get; private set; }

    public SortedDictionary<string, KeyValue> Now => _history[Revision];

    public void Put(string key, string value)
    {
        var former = Now.GetValueOrDefault(key);
        var next = Next();
        next[key] = new KeyValue
        {
            Key = TestStore.Bytes(key),
            Value = TestStore.Bytes(value),
            CreateRevision = former?.CreateRevision ?? Revision,
            ModRevision = Revision,
            Version = (former?.Version ?? 0) + 1,
            Lease = 0,
        };
    }

    public int Delete(string low, string high)
    {
        var doomed = Now.Keys.Where(key => IsIn(key, low, high)).ToList();
        if (doomed.Count > 0)
        {
            var next = Next();
            doomed.ForEach(key => next.Remove(key));
        }

        return doomed.Count;
    }

    public ApplyError? Compact(long revision)
    {
        if (revision <= CompactRevision)
        {
            return ApplyError.Compacted;
        }

        if (revision > Revision)
        {
            return ApplyError.FutureRevision;
        }

        CompactRevision = revision;
        return null;
    }

    public List<KeyValue> Range(string low, string high, long revision) =>
        _history[revision].Where(pair => IsIn(pair.Key, low, high)).Select(pair => pair.Value).ToList();

    /// <summary>The mod revisions of a key's versions and deletions that a compaction leaves, the newest first.</summary>
    public List<long> Versions(string key)
    {
        var kept = new List<long>();
        for (var at = Revision; at >= Math.Max(CompactRevision, 2); at--)
        {
            var now = _history[at].GetValueOrDefault(key);
            if (now?.ModRevision == at || (now is null && _history[at - 1].ContainsKey(key)))
            {
                kept.Add(at);
            }
        }

        // What was there at the compact revision, unless that revision itself is among them.
        var oldest = CompactRevision == 0 ? null : _history[CompactRevision].GetValueOrDefault(key);
        if (oldest is not null && oldest.ModRevision < CompactRevision)
        {
            kept.Add(oldest.ModRevision);
        }

        return kept;
    }

    private static bool IsIn(string key, string low, string high) => high switch
    {
        "" => key == low,
        "\0" => string.CompareOrdinal(key, low) >= 0,
        _ => string.CompareOrdinal(key, low) >= 0 && string.CompareOrdinal(key, high) < 0,
    };

    private SortedDictionary<string, KeyValue> Next()
    {
        var next = new SortedDictionary<string, KeyValue>(Now, StringComparer.Ordinal);
        _history[++Revision] = next;
        return next;
    }
}
