// The seam to a database: what the engine asks of one, whatever SQL it speaks.
//
// All calls block: they run on threads of our own, never on the pool's. That is the only way with the driver of MySQL's wire
// that can be had (its asynchronous calls block too), and the cheaper one with any.
//
// A failure is a DatabaseException, whose fault says what is sure: DatabaseFault.

using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Database;

/// <summary>A database with the tables of one bucket in it. Any thread.</summary>
internal interface IDatabase : IDisposable
{
    /// <summary>A connection, new or used before. Disposed by the caller; after a fault it is thrown away.</summary>
    /// <exception cref="DatabaseException">Away.</exception>
    ISession Open();
}

/// <summary>One connection. One thread at a time.</summary>
internal interface ISession : IDisposable
{
    /// <summary>Begins one moment of the database: all that is read through it is as of the last row of the log, which it has read.
    /// It holds every commit that was acknowledged before this call.</summary>
    /// <param name="keys">Looked up in the same round trip: ask the snapshot for them.</param>
    ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys);

    /// <summary>Rows of the log from one on, that row included, in order.</summary>
    IReadOnlyList<LogRow> LogFrom(long seq, int max);

    /// <summary>Commits a batch if <see cref="Batch.Before"/> is the last row.</summary>
    /// <returns>False: another row is the last one, and nothing was changed.</returns>
    /// <exception cref="DatabaseException">With <see cref="DatabaseFault.Unknown"/> it may have been committed.</exception>
    bool Commit(Batch batch);

    /// <summary>Deletes what a compaction has left behind, of some revisions from one on.</summary>
    /// <param name="from">The first revision.</param>
    /// <param name="compactRevision">The compaction's.</param>
    /// <param name="max">Revisions to look at.</param>
    SweepStep Sweep(long from, long compactRevision, int max);

    /// <summary>Deletes rows of the log below one; the last row stays in any case.</summary>
    void TrimLog(long below, int max);

    /// <summary>Writes that this front lives.</summary>
    void Beat(FrontRow front);

    IReadOnlyList<FrontRow> Fronts();

    /// <summary>Forgets fronts that are gone for good.</summary>
    void RemoveFront(ulong id);
}

/// <summary>One moment of the database.</summary>
internal interface ISnapshot : IDisposable
{
    /// <summary>The last row of the log.</summary>
    LogRow Last { get; }

    /// <summary>A live key, with its value if that is small; null where there is none.</summary>
    KeyRow? Find(ReadOnlyMemory<byte> key);

    /// <summary>The first live keys of [from, end of the range), or, descending, the last ones below <paramref name="from"/>.</summary>
    /// <param name="range">The end that is not given by <paramref name="from"/>.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="isDescending">The highest first.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="withValues">Small values come along.</param>
    IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues);

    /// <summary>How many keys of the range live.</summary>
    long CountLive(KeyRange range);

    /// <summary>Versions of the keys of a range up to a revision, deletions too, without values, in the order of keys and, of one key,
    /// of revisions.</summary>
    /// <param name="range">Its end bounds the keys.</param>
    /// <param name="key">The key to begin with.</param>
    /// <param name="behind">Of that key only versions behind this one.</param>
    /// <param name="through">The last main revision.</param>
    /// <param name="max">At most so many.</param>
    IReadOnlyList<RevisionRecord> VersionsIn(KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max);

    /// <summary>Versions of one key from a revision down, without values, the newest first.</summary>
    IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max);

    /// <summary>Changes from one on, in the order of revisions, with their values: until their logical bytes exceed this, so one in any
    /// case.</summary>
    IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes);

    /// <summary>The value of a version; null where there is none, or no such version.</summary>
    byte[]? ValueOf(Revision revision);

    /// <summary>Leases from an id on, in the order of ids.</summary>
    IReadOnlyList<LeaseRecord> Leases(long from, int max);

    /// <summary>Keys of leases behind one, in the order of leases and keys.</summary>
    IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max);

    IReadOnlyList<MetaChange> Meta();
}

/// <param name="Lease">Its id.</param>
/// <param name="Key">Attached to it.</param>
/// <param name="Record">What is kept of it.</param>
internal readonly record struct LeaseKeyRow(long Lease, byte[] Key, LeaseKeyRecord Record);

/// <param name="Next">The first revision that was not looked at.</param>
/// <param name="Versions">That were deleted.</param>
/// <param name="Bytes">Logical bytes of them.</param>
internal readonly record struct SweepStep(long Next, long Versions, long Bytes);

/// <summary>A row of `fronts`.</summary>
/// <param name="Id">Drawn at each start.</param>
/// <param name="Label">The operator's name for it.</param>
/// <param name="HttpAddress">host:port for clients.</param>
/// <param name="PeerAddress">host:port for other fronts.</param>
/// <param name="Version">Of its build.</param>
/// <param name="Beat">Rises while it lives.</param>
internal sealed record FrontRow(ulong Id, string Label, string HttpAddress, string PeerAddress, string Version, long Beat);
