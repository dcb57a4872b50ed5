using Raftd.Sql.Database;
using Raftd.State.Keyspaces;

namespace Raftd.Sql.Fronts;

/// <summary>What a batch is evaluated on: the keys that are known already, and for all else one moment of the database, which is looked at
/// when it is needed first.</summary>
/// <param name="session">For the look.</param>
/// <param name="known">As of <paramref name="last"/>; learns what is looked up.</param>
/// <param name="last">The last row known.</param>
/// <param name="isLast">Asked of the last row of the moment. May throw.</param>
internal sealed class BatchRows(ISession session, KnownKeys known, LogRow last, Predicate<LogRow> isLast) : IKeyRows, IDisposable
{
    private ISnapshot? _moment;

    public long Revision => last.Revision;

    public long CompactRevision => last.CompactRevision;

    /// <summary>The database has said that the row is the last one.</summary>
    public bool HasLooked => _moment is not null;

    private ISnapshot Moment => _moment is not null || TryLook([])
        ? _moment!
        : throw new DatabaseException(DatabaseFault.Again, $"rows have come behind row {last.Seq} while a batch was evaluated on it");

    /// <summary>Looks at the database, once.</summary>
    /// <param name="keys">Looked up with it.</param>
    /// <returns>False where rows have come behind the last one: the evaluation is of no use.</returns>
    public bool TryLook(IReadOnlyList<ReadOnlyMemory<byte>> keys)
    {
        var moment = session.Snapshot(keys);
        if (!isLast(moment.Last))
        {
            moment.Dispose();
            return false;
        }

        _moment = moment;
        return true;
    }

    public KeyRow? Find(ReadOnlyMemory<byte> key)
    {
        if (!known.TryFind(key.Span, out var row))
        {
            row = Moment.Find(key);
            known.Note(row?.Key ?? key.ToArray(), row);
        }

        return row;
    }

    public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues) =>
        Moment.LiveIn(range, from, isDescending, max, withValues);

    public long CountLive(KeyRange range) => Moment.CountLive(range);

    public IReadOnlyList<RevisionRecord> VersionsIn(KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max) =>
        Moment.VersionsIn(range, key, behind, through, max);

    public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) => Moment.VersionsOf(key, from, max);

    public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max) => Moment.Slice(range, from, max);

    public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions) => Moment.ValuesOf(revisions);

    public void Dispose() => _moment?.Dispose();
}
