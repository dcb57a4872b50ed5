using Raftd.Sql.Database;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Simulation.Fronts;

/// <summary>The database as one start of a front reaches it: calls take time, connections break, commits are in doubt.</summary>
/// <param name="world">Where time passes, and what is committed is looked at.</param>
/// <param name="owner">Who calls.</param>
/// <param name="id">Of the bucket.</param>
/// <param name="bucket">The tables of that bucket.</param>
/// <param name="dice">Decides how long a call takes, and what becomes of it.</param>
internal sealed class FaultyDatabase(FrontWorld world, FrontIncarnation owner, long id, MemoryDatabase bucket, Dice dice) : IDatabase
{
    private const long LatestPacket = 20 * Scheduler.Second;

    public string Bucket => bucket.Bucket;

    public ulong ClusterId => bucket.ClusterId;

    public string Name => owner.Front.Name;

    public void Prepare()
    {
    }

    public IDatabase OfBucket(BucketRow row) => new FaultyDatabase(world, owner, row.Id, (MemoryDatabase)bucket.OfBucket(row), dice.Fork());

    public ISession Open()
    {
        var era = world.Era;
        Travel(era);
        return new Session(this, bucket.Open(), era);
    }

    public void Dispose()
    {
    }

    private string Here => id == BucketRow.DefaultId ? "" : $" of bucket {id}";

    /// <summary>Half a call, on a connection of this era.</summary>
    private void Travel(int era)
    {
        world.Pass(Strikes(world.Swarm.SlowCall)
            ? dice.Between(1, 3 * Scheduler.Second)
            : Math.Min(dice.Exponential(world.Swarm.LatencyMicroseconds / 2), world.Swarm.LatencyMicroseconds * 10));
        owner.StandStill();
        if (world.IsAway || era != world.Era || owner.Front.IsCutOff || Strikes(world.Swarm.LostCall))
        {
            throw new DatabaseException(DatabaseFault.Away, "the connection is lost");
        }
    }

    private bool Strikes(double chance) => !world.IsQuiet && dice.Chance(chance);

    private T Ask<T>(int era, Func<T> call)
    {
        Travel(era);
        var answer = call();
        Travel(era);
        return answer;
    }

    private bool Commit(int era, Batch batch)
    {
        Travel(era);
        if (world.IsFull)
        {
            throw new DatabaseException(DatabaseFault.Full, "no room");
        }

        if (Strikes(world.Swarm.Again))
        {
            throw new DatabaseException(DatabaseFault.Again, "deadlock");
        }

        if (!world.IsQuiet && world.Swarm.RefusedSum > 0 && batch.Versions.Any(Refuses))
        {
            throw new DatabaseException(DatabaseFault.Wrong, "a constraint is violated");
        }

        batch.Deletion?.RequireTime();
        if (Strikes(world.Swarm.LostCommit))
        {
            LoseAnswer(batch);
        }

        var isCommitted = world.Commit(id, bucket, batch);
        owner.Say($"{(isCommitted ? "committed" : "lost")} row {batch.Row.Seq}{Here}, revision {batch.Row.Revision}");
        try
        {
            Travel(era);
        }
        catch (DatabaseException)
        {
            throw Doubt();
        }

        return isCommitted;
    }

    /// <summary>A commit like any: whether it was done may stay unknown.</summary>
    private bool AddBucket(int era, Func<bool> call, BucketRow row, LogRow first)
    {
        Travel(era);
        var isLost = Strikes(world.Swarm.LostCommit);
        var isAdded = !(isLost && dice.Chance(0.5)) && call();
        if (isAdded)
        {
            world.Added(row, first);
        }

        try
        {
            Travel(era);
        }
        catch (DatabaseException)
        {
            throw Doubt();
        }

        return isLost ? throw Doubt() : isAdded;
    }

    /// <summary>As a constraint of its owner's does: by what is in a row, whoever sends it and however often.</summary>
    private bool Refuses(NewVersion version) =>
        version.Record.ValueBytes > 0 && version.Record.Value.Sum(static each => each) % world.Swarm.RefusedSum == 0;

    /// <summary>Done, or not, or later.</summary>
    private void LoseAnswer(Batch batch)
    {
        switch (dice.Next(3))
        {
            case 0:
                owner.Say($"in doubt about row {batch.Row.Seq}{Here}: {(world.Commit(id, bucket, batch) ? "done" : "lost")}");
                break;
            case 1:
                owner.Say($"in doubt about row {batch.Row.Seq}{Here}: not done");
                break;
            default:
                owner.Say($"in doubt about row {batch.Row.Seq}{Here}: late");
                var delay = dice.Chance(0.7) ? dice.Exponential(50 * Scheduler.Millisecond) : dice.Between(1, LatestPacket);
                var era = world.Era;
                world.Scheduler.After(Math.Min(delay, LatestPacket), () =>
                {
                    var isCommitted = era == world.Era && world.Commit(id, bucket, batch);
                    owner.Say($"late row {batch.Row.Seq}{Here} {(isCommitted ? "committed" : "refused")}");
                });
                break;
        }

        world.Pass(dice.Exponential(world.Swarm.LatencyMicroseconds));
        throw Doubt();
    }

    private static DatabaseException Doubt() => new(DatabaseFault.Unknown, "the connection is lost behind the commit");

    private static IReadOnlyList<FrontRow> InOrder(IReadOnlyList<FrontRow> fronts) => [.. fronts.OrderBy(static front => front.Id)];

    private sealed class Session(FaultyDatabase to, ISession inner, int era) : ISession
    {
        public ISnapshot Snapshot(IReadOnlyList<ReadOnlyMemory<byte>> keys) => to.Ask(era, () => new Moment(to, inner.Snapshot(keys), era));

        public IReadOnlyList<LogRow> LogFrom(long seq, int max) => to.Ask(era, () => inner.LogFrom(seq, max));

        public bool Commit(Batch batch) => to.Commit(era, batch);

        public SweepStep Sweep(Revision from, long compactRevision, int max) => to.Ask(era, () => inner.Sweep(from, compactRevision, max));

        public Swept Swept() => to.Ask(era, inner.Swept);

        public void TrimLog(long below, int max) => to.Ask(era, () => Do(() => inner.TrimLog(below, max)));

        public void Beat(FrontRow front) => to.Ask(era, () => Do(() => inner.Beat(front)));

        public IReadOnlyList<FrontRow> Fronts() => to.Ask(era, () => InOrder(inner.Fronts()));

        public void RemoveFront(ulong id) => to.Ask(era, () => Do(() => inner.RemoveFront(id)));

        public IReadOnlyList<BucketRow> Buckets() => to.Ask(era, inner.Buckets);

        public bool AddBucket(BucketRow bucket, LogRow first) => to.AddBucket(era, () => inner.AddBucket(bucket, first), bucket, first);

        public bool ClearBucket(long id, int max) => to.Ask(era, () => inner.ClearBucket(id, max));

        public void Dispose() => inner.Dispose();

        private static bool Do(Action call)
        {
            call();
            return true;
        }
    }

    /// <summary>The connection may break between two looks at one moment.</summary>
    private sealed class Moment(FaultyDatabase to, ISnapshot inner, int era) : ISnapshot
    {
        public LogRow Last => inner.Last;

        // Those that the snapshot was asked for came with it: the most common look takes no time.
        public KeyRow? Find(ReadOnlyMemory<byte> key) => inner.Find(key);

        public IReadOnlyList<KeyRow> LiveIn(KeyRange range, ReadOnlyMemory<byte> from, bool isDescending, int max, bool withValues) =>
            to.Ask(era, () => inner.LiveIn(range, from, isDescending, max, withValues));

        public long CountLive(KeyRange range) => to.Ask(era, () => inner.CountLive(range));

        public KeySlice? Slice(KeyRange range, ReadOnlyMemory<byte> from, int max) => to.Ask(era, () => inner.Slice(range, from, max));

        public IReadOnlyList<RevisionRecord> VersionsIn(
            KeyRange range, ReadOnlyMemory<byte> key, Revision behind, long through, int max) =>
            to.Ask(era, () => inner.VersionsIn(range, key, behind, through, max));

        public IReadOnlyList<byte[]?> ValuesOf(IReadOnlyList<Revision> revisions) => to.Ask(era, () => inner.ValuesOf(revisions));

        public IReadOnlyList<RevisionRecord> VersionsOf(ReadOnlyMemory<byte> key, Revision from, int max) =>
            to.Ask(era, () => inner.VersionsOf(key, from, max));

        public IReadOnlyList<RevisionRecord> Changes(Revision from, long maxBytes) => to.Ask(era, () => inner.Changes(from, maxBytes));

        public IReadOnlyList<LeaseRecord> Leases(long from, int max) => to.Ask(era, () => inner.Leases(from, max));

        public IReadOnlyList<LeaseKeyRow> LeaseKeys(long lease, ReadOnlyMemory<byte> behind, int max) =>
            to.Ask(era, () => inner.LeaseKeys(lease, behind, max));

        public IReadOnlyList<MetaChange> Meta() => to.Ask(era, inner.Meta);

        public IReadOnlyList<FrontRow> Fronts() => to.Ask(era, () => InOrder(inner.Fronts()));

        public void Dispose() => inner.Dispose();
    }
}
