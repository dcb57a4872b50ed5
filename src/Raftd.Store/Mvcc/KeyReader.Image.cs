// The keys as they were at one revision, in key order: a bounded step of them for each call.

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Trees;
using Raftd.State.Views;

namespace Raftd.Store.Mvcc;

internal readonly partial struct KeyReader
{
    /// <summary>Keys that did not live then cost a look as well: a step ends after so many.</summary>
    private const int MaxKeysOfAnImageStep = 4096;

    /// <param name="from">The first key to look at.</param>
    /// <param name="at">A revision that can be read.</param>
    /// <param name="maxBytes">Of logical bytes; the last record may go beyond it.</param>
    /// <exception cref="StoreException">Compacted, FutureRevision; NotReady after a snapshot: ask a new view.</exception>
    public ImagePage Image(ReadOnlySpan<byte> from, long at, long maxBytes)
    {
        CheckRevision(at);
        var records = new List<RevisionRecord>();
        var looked = 0;
        var bytes = 0L;
        var scan = index.From(new BytesProbe(from));
        using var reader = new RecordReader(epoch);
        while (scan.MoveNext())
        {
            if (looked++ == MaxKeysOfAnImageStep || bytes >= maxBytes)
            {
                return new ImagePage(records, scan.Item.Key);
            }

            if (scan.Item.TryFindAt(at, out var revision))
            {
                var record = Find(reader, revision, at, int.MaxValue);
                records.Add(record);
                bytes += record.LogicalBytes;
            }
        }

        return new ImagePage(records, Next: null);
    }
}
