// Fronts over one database in memory, in one thread.
//
// In the product each loop of a front, each reader and each request has a thread, and waits in its calls of the database. Here such a
// wait is a nested run of the scheduler (Pass): while one loop is in a call, all others go on, call and commit, and that loop goes
// on when the call's time is over. So every race between a snapshot and its commit happens, and the seed alone decides which.
//
// Rules of fairness:
//
//   1. A call of the database takes as long as the dice say, and ends.
//   2. A front that stands still does nothing, in a call or out of it, and its clock goes on.
//   3. A commit whose answer is lost was done, or was not, or is done later: up to twenty seconds. In the quiet phase no call fails.
//   4. What one front sends another arrives in order or not at all, with its stream (FrontStream).
//   5. The database loses history only as a whole, and back to a moment that there was; all connections break with it, and what
//      is on its way is gone. An operator starts a front again that says it answers nothing any more.

using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using Raftd.Sql.Database;
using Raftd.Sql.Tests.Memory;

namespace Raftd.Simulation.Fronts;

internal sealed class FrontWorld
{
    public FrontWorld(FrontSwarm swarm, Dice dice, Trace trace)
    {
        Swarm = swarm;
        Trace = trace;
        Ills = dice.Fork();
        Record = new RowChecker(this);
        Leases = new FrontLeaseChecker(this);
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

    public RowChecker Record { get; }

    public FrontLeaseChecker Leases { get; }

    /// <summary>What clients were told since the database lost history last.</summary>
    public HistoryChecker History { get; private set; } = new();

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

    /// <summary>Time passes, and all others go on: what a thread that waits is to them.</summary>
    public void Pass(long duration)
    {
        var context = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            Scheduler.RunUntil(Now + duration);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(context);
        }
    }

    /// <summary>Commits, and looks at what that has come to.</summary>
    public bool Commit(Batch batch)
    {
        using var session = Database.Open();
        var rows = Database.Tables.Expanded(batch);
        if (!session.Commit(rows))
        {
            return false;
        }

        Record.Committed(rows, Database.Tables);
        Leases.Committed(rows);
        foreach (var front in Fronts.Select(static front => front.Current).OfType<FrontIncarnation>())
        {
            front.LostRow = front.LostRow?.Chain == batch.Row.Chain ? null : front.LostRow;
        }

        return true;
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
        Record.Verify(History);
        History.Verify(Record, "the database", first: 0, every: 1);
        StateComparison.Verify(Database.Tables);
    }

    public static bool IsUnknown(StoreException refusal) => refusal.Code == ErrorCode.UnknownOutcome;
}
