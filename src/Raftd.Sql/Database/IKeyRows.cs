using Raftd.State.Keyspaces;

namespace Raftd.Sql.Database;

/// <summary>The keys of one moment, in rows: of the database, or with what a batch has changed so far.</summary>
internal interface IKeyRows
{
    /// <summary>The newest.</summary>
    long Revision { get; }

    /// <summary>The lowest that can be read.</summary>
    long CompactRevision { get; }

    /// <summary>A live key, with its value if that is small; null where there is none.</summary>
    KeyRow? Find(ReadOnlyMemory<byte> key);

    /// <summary>The first live keys of [from, end of the range), or, descending, the last ones below <paramref name="from"/>.</summary>
    /// <param name="range">The end that is not given by <paramref name="from"/>.</param>
    /// <param name="from">Where to begin. Descending, nothing means the end of the range.</param>
    /// <param name="isDescending">The highest first.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="withValues">Small values come along.</param>
    IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues);

    /// <summary>How many keys of the range live.</summary>
    long CountLive(KeyRange range);

    /// <summary>The first live keys of [from, end of the range), at most so many, added up; null where there are none.</summary>
    KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max);

    /// <summary>Versions of the keys of a range up to a revision, deletions too, without values, in the order of keys and, of one key,
    /// of revisions.</summary>
    /// <param name="range">Its end bounds the keys.</param>
    /// <param name="key">The key to begin with.</param>
    /// <param name="behind">Of that key only versions behind this one.</param>
    /// <param name="through">The last main revision.</param>
    /// <param name="max">At most so many.</param>
    IReadOnlyList<RevisionRecord> VersionsIn(KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max);

    /// <summary>Versions of one key from a revision down, deletions too, without values, the newest first.</summary>
    IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max);

    /// <summary>The values of versions, in their order; null where one has none, or is not there.</summary>
    IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions);
}
