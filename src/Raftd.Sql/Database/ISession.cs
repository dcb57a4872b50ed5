// The seam to a database: what the engine asks of one, whatever SQL it speaks.
//
// All calls block: they run on threads of our own, never on the pool's. That is the only way with the driver of MySQL's wire
// that can be had (its asynchronous calls block too), and the cheaper one with any.
//
// A failure is a DatabaseException, whose fault says what is sure: DatabaseFault.

using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Database;

/// <summary>A database as one of its buckets sees it: all that sessions read and write is of that bucket, but for the fronts and the
/// list of buckets, which are everyone's. Any thread.</summary>
internal interface IDatabase : IDisposable
{
    /// <summary>The bucket's name.</summary>
    string Bucket { get; }

    /// <summary>Of the bucket: drawn when it was made. Known once it is prepared.</summary>
    ulong ClusterId { get; }

    /// <summary>For logs and /status: without a password.</summary>
    string Name { get; }

    /// <summary>Refuses a server that is not safe, and makes the tables where there are none. Once, before anything else.</summary>
    /// <exception cref="DatabaseException">Away. Wrong: with every setting that is not safe and what mends it, or with what is wrong about
    /// the tables.</exception>
    void Prepare();

    /// <summary>The same database as another bucket sees it, over the same connections: it is usable until this one is disposed of, and
    /// needs no disposing itself.</summary>
    IDatabase OfBucket(BucketRow bucket);

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

    /// <summary>Commits a batch if <see cref="Batch.Before"/> is the last row. One whose row ends the log (<see cref="LogRow.IsEnd"/>)
    /// gives the bucket its <see cref="BucketRow.RemovedName"/> in the same transaction.</summary>
    /// <returns>False: another row is the last one, and nothing was changed.</returns>
    /// <exception cref="DatabaseException">With <see cref="DatabaseFault.Unknown"/> it may have been committed.</exception>
    bool Commit(Batch batch);

    /// <summary>Deletes what a compaction has left behind, of some versions from one on.</summary>
    /// <param name="from">The first version: of the first step the revision before the first that was not looked at, because that may be
    /// where the compaction before ended, and what was of it had to stay.</param>
    /// <param name="compactRevision">The compaction's.</param>
    /// <param name="max">Versions to look at.</param>
    SweepStep Sweep(Revision from, long compactRevision, int max);

    Swept Swept();

    /// <summary>Deletes rows of the log below one; the last row stays in any case.</summary>
    void TrimLog(long below, int max);

    /// <summary>Writes that this front lives.</summary>
    void Beat(FrontRow front);

    IReadOnlyList<FrontRow> Fronts();

    /// <summary>Forgets fronts that are gone for good.</summary>
    void RemoveFront(ulong id);

    /// <summary>All rows of `buckets`, by their numbers.</summary>
    IReadOnlyList<BucketRow> Buckets();

    /// <summary>Makes a bucket, with the first row of its log, in one transaction.</summary>
    /// <param name="bucket">Its number is above all there are.</param>
    /// <param name="first">The first row.</param>
    /// <returns>False: the name is taken, or the number is not the highest any more; nothing was changed.</returns>
    /// <exception cref="DatabaseException">With <see cref="DatabaseFault.Unknown"/> it may have been made.</exception>
    bool AddBucket(BucketRow bucket, LogRow first);

    /// <summary>Deletes a step of the rows of a bucket that was removed, the log last. With the last step it gets its
    /// <see cref="BucketRow.ClearedName"/>, and the rows of cleared buckets with lower numbers go.</summary>
    /// <param name="id">Its number.</param>
    /// <param name="max">Rows of one step.</param>
    /// <returns>False once nothing is left.</returns>
    bool ClearBucket(long id, int max);
}

/// <summary>One moment of the database.</summary>
internal interface ISnapshot : IKeyRows, IDisposable
{
    /// <summary>The last row of the log.</summary>
    LogRow Last { get; }

    long IKeyRows.Revision => Last.Revision;

    long IKeyRows.CompactRevision => Last.CompactRevision;

    /// <summary>Changes from one on, in the order of revisions, with their values: until their logical bytes exceed this, so one in any
    /// case.</summary>
    IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes);

    /// <summary>Leases from an id on, in the order of ids.</summary>
    IReadOnlyList<LeaseRecord> Leases(long from, int max);

    /// <summary>Keys of leases behind one, in the order of leases and keys.</summary>
    IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max);

    IReadOnlyList<MetaChange> Meta();

    /// <summary>As of a session.</summary>
    IReadOnlyList<FrontRow> Fronts();
}

/// <param name="Lease">Its id.</param>
/// <param name="Key">Attached to it.</param>
/// <param name="Record">What is kept of it.</param>
internal readonly record struct LeaseKeyRow(long Lease, byte[] Key, LeaseKeyRecord Record);

/// <summary>How far the database is rid of what compactions have left behind.</summary>
/// <param name="Revision">The first revision that was not looked at.</param>
/// <param name="Bytes">Logical bytes of all versions that were deleted so far. The rows of the log count on without a look at it, so that
/// sweeping needs no row of its own.</param>
internal readonly record struct Swept(long Revision, long Bytes);

/// <summary>What a step of a sweep has come to.</summary>
/// <param name="Next">The first version that it did not look at; behind the compact revision where there is none.</param>
/// <param name="Swept">How far sweeping has come in whole revisions, this step included.</param>
internal readonly record struct SweepStep(Revision Next, Swept Swept);

/// <summary>A row of `fronts`.</summary>
/// <param name="Id">Drawn at each start.</param>
/// <param name="Label">The operator's name for it.</param>
/// <param name="HttpAddress">host:port for clients.</param>
/// <param name="PeerAddress">host:port for other fronts.</param>
/// <param name="Version">Of its build.</param>
/// <param name="Beat">Rises while it lives.</param>
internal sealed record FrontRow(ulong Id, string Label, string HttpAddress, string PeerAddress, string Version, long Beat);
