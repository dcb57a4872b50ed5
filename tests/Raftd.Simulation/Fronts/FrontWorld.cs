// Fronts over one database in memory, one thread at a time.
//
// In the product each loop of a front, each reader and each request has a thread, and waits in its calls of the database. Here such a
// wait is one of the simulation's time (Turns): while one loop is in a call, all others go on, call and commit, and that loop goes on
// when the call's time is over. So every race between a snapshot and its commit happens, and the seed alone decides which.
//
// Rules of fairness:
//
//   1. A call of the database takes as long as the dice say, and ends.
//   2. A front that stands still does nothing, in a call or out of it, and its clock goes on.
//   3. A commit whose answer is lost was done, or was not, or is done later: up to twenty seconds. In the quiet phase no call fails.
//   4. What one front sends another arrives in order or not at all, with its stream (FrontStream).
//   5. The database loses history only as a whole, and back to a moment that there was; all connections break with it, and what
//      is on its way is gone. An operator starts a front again that says it answers nothing any more. In runs with several buckets it
//      loses none.

using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Memory;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts;

internal sealed class FrontWorld : IDisposable
{
    private readonly Turns _turns;

    public FrontWorld(FrontSwarm swarm, Dice dice, Trace trace)
    {
        Swarm = swarm;
        Trace = trace;
        Ills = dice.Fork();
        _turns = new Turns(Scheduler);
        Default = new BucketRecord(this, Database, BucketRow.DefaultId, LogRow.First);
        Buckets.Add(BucketRow.DefaultId, Default);
        for (var number = 1; number <= swarm.Fronts; number++)
        {
            Fronts.Add(new SimulatedFront(this, dice.Fork(), number));
        }
    }

    public FrontSwarm Swarm { get; }

    public Trace Trace { get; }

    public Scheduler Scheduler { get; } = new();

    public MemoryDatabase Database { get; } = new();

    public List<SimulatedFront> Fronts { get; } = [];

    /// <summary>All there ever were, by id.</summary>
    public SortedDictionary<long, BucketRecord> Buckets { get; } = [];

    public BucketRecord Default { get; }

    public RowChecker Record => Default.Rows;

    public FrontLeaseChecker Leases => Default.Leases;

    /// <summary>What clients were told since the database lost history last.</summary>
    public HistoryChecker History { get; private set; } = new();

    /// <summary>Called when a bucket was made.</summary>
    public event Action<BucketRecord>? BucketAdded;

    /// <summary>Counts the times that the database has lost history.</summary>
    public int Era { get; private set; }

    public int Writes { get; private set; }

    public int Reads { get; private set; }

    /// <summary>Faults have stopped.</summary>
    public bool IsQuiet { get; set; }

    public bool IsAway { get; set; }

    public bool IsFull { get; set; }

    /// <summary>Of calls that fail.</summary>
    public Dice Ills { get; }

    public long Now => Scheduler.Now;

    public void Say(string who, string what) => Trace.Line(Now, who, what);

    /// <summary>Time passes in an event, and all others go on: what a thread that waits is to them.</summary>
    public void Pass(long duration) => _turns.Pass(duration);

    /// <summary>From outside of the simulation.</summary>
    public void RunUntil(long time) => _turns.RunUntil(time);

    public void Dispose() => _turns.Dispose();

    /// <summary>Commits, and looks at what that has come to.</summary>
    public bool Commit(long id, MemoryDatabase bucket, Batch batch)
    {
        using var session = bucket.Open();
        var rows = bucket.Tables.Expanded(batch);
        if (!session.Commit(rows))
        {
            return false;
        }

        Buckets[id].Committed(rows);
        foreach (var front in Fronts.Select(static front => front.Current).OfType<FrontIncarnation>())
        {
            front.LostRow = front.LostRow?.Chain == batch.Row.Chain ? null : front.LostRow;
        }

        return true;
    }

    public void Added(BucketRow row, LogRow first)
    {
        Say("bucket", $"{row.Name} is made, number {row.Id}");
        Require(!Buckets.ContainsKey(row.Id), $"the bucket {row.Name} is given the number {row.Id} again");
        var bucket = new BucketRecord(this, (MemoryDatabase)Database.OfBucket(row), row.Id, first);
        Buckets.Add(row.Id, bucket);
        BucketAdded?.Invoke(bucket);
    }

    /// <summary>All that was acknowledged is held against the tables, and then some of it is gone.</summary>
    public void LoseHistory(Tables earlier)
    {
        Say("fault", $"the database goes back from row {Database.Tables.Last.Seq} to {earlier.Last.Seq}");
        VerifyHistory();
        Fronts.ForEach(front => front.HistoryIsLost(earlier.Last.Seq));
        Database.Restore(earlier);
        Record.LoseHistory(earlier.Last);
        Leases.LoseHistory();
        Writes += History.Acknowledged;
        Reads += History.Reads;
        History = new HistoryChecker();
        Era++;
    }

    public void VerifyHistory()
    {
        Record.Teach(History);
        History.Verify(Record, "the database", first: 0, every: 1);
        foreach (var bucket in Buckets.Values.Where(static bucket => bucket.IsLive))
        {
            bucket.Rows.Verify();
            StateComparison.Verify(bucket.Database.Tables);
        }
    }

    public static bool IsUnknown(StoreException refusal) => refusal.Code == ErrorCode.UnknownOutcome;
}
