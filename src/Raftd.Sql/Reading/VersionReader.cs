using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Reading;

/// <summary>The history of one key, the newest version first.</summary>
internal static class VersionReader
{
    /// <summary>The versions that compaction has left, a bounded step of them. Of those below the compact revision the newest stays, if it
    /// is no deletion, and of the compact revision itself all.</summary>
    public static VersionPage Versions(ISnapshot snapshot, VersionPageRequest request)
    {
        var from = request.From is { } id ? new Revision(id.Revision, id.Place) : new Revision(long.MaxValue, 0);
        var kept = Kept(snapshot.VersionsOf(request.Key, from, request.MaxItems + 1), snapshot.Last.CompactRevision);
        var taken = new List<RevisionRecord>();
        var bytes = 0L;
        VersionId? next = null;
        foreach (var record in kept)
        {
            bytes += record.Key.Length + BytesOf(record, request);
            if (taken.Count > 0 && (taken.Count == request.MaxItems || bytes > request.MaxBytes))
            {
                next = new VersionId(record.Revision.Main, record.Revision.Sub);
                break;
            }

            taken.Add(record);
        }

        return new VersionPage { Revision = snapshot.Last.Revision, Items = ItemsOf(snapshot, taken, request), Next = next };
    }

    /// <summary>Whether a revision above this one touched the key.</summary>
    /// <remarks>A key whose deletion was compacted has no versions: as in the embedded engine, the answer is yes then, because a waiter
    /// that was told no would wait for a change that it has missed.</remarks>
    public static bool HasChangedSince(ISnapshot snapshot, ReadOnlyMemory<byte> key, long afterRevision) =>
        snapshot.VersionsOf(key, new Revision(long.MaxValue, 0), 1) is [{ } newest]
            ? newest.Revision.Main > afterRevision
            : afterRevision > 0 && afterRevision < snapshot.Last.CompactRevision - 1;

    private static IEnumerable<RevisionRecord> Kept(IReadOnlyList<RevisionRecord> versions, long floor)
    {
        for (var at = 0; at < versions.Count; at++)
        {
            var version = versions[at];
            if (version.Revision.Main >= floor || !version.IsTombstone)
            {
                yield return version;
            }

            var isLastOfFloor = version.Revision.Main == floor && (at + 1 == versions.Count || versions[at + 1].Revision.Main != floor);
            if (version.Revision.Main < floor || isLastOfFloor)
            {
                yield break;
            }
        }
    }

    private static List<HistoryItem> ItemsOf(ISnapshot snapshot, List<RevisionRecord> taken, VersionPageRequest request)
    {
        var withValue = taken.Where(record => BytesOf(record, request) > 0).Select(static record => record.Revision).ToList();
        var values = new Queue<byte[]?>(withValue.Count > 0 ? snapshot.ValuesOf(withValue) : []);
        return
        [
            .. taken.Select(record => new HistoryItem(
                KeyVersions.Describe(record, BytesOf(record, request) > 0 ? values.Dequeue() : []), record.IsTombstone)),
        ];
    }

    private static int BytesOf(RevisionRecord record, VersionPageRequest request) =>
        record.ValueBytes <= request.MaxValueBytes ? record.ValueBytes : 0;
}
