using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Fronts;

/// <summary>What a front knows without a look at the database: where the state stands after a row of the log, and the leases and
/// alarms there. Never changes; the next row makes another.</summary>
/// <param name="Last">The row.</param>
/// <param name="Leases">All of them: their time is kept in memory, and what attaches a key needs them.</param>
/// <param name="Alarms">Ordered.</param>
internal sealed record FrontState(LogRow Last, LeaseTrees Leases, Alarm[] Alarms)
{
    /// <summary>The state behind a row that another front has written.</summary>
    /// <param name="row">Behind the last one.</param>
    /// <param name="deltas">Of the row.</param>
    /// <param name="changes">Takes in what the row has changed of leases.</param>
    public FrontState Behind(LogRow row, RowDeltas deltas, List<LeaseChange> changes)
    {
        Invariant.Check(row.Seq == Last.Seq + 1, $"row {row.Seq} was taken in behind row {Last.Seq}");
        changes.AddRange(deltas.Changes);
        if (deltas.IsEmpty)
        {
            return this with { Last = row };
        }

        // The chain and the bytes are in the row already.
        var table = new LeaseTable(new StateHash(0), static _ => { }, Leases);
        foreach (var step in deltas.Steps)
        {
            step.ApplyTo(table, changes);
        }

        return new FrontState(row, table.Freeze(), deltas.Alarms ?? Alarms);
    }
}
