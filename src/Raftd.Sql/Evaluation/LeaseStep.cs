using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Evaluation;

/// <summary>One change of the table of leases. In a row of the log, where the numbers never change.</summary>
internal enum LeaseStepKind : byte
{
    Set = 1,
    Removed = 2,
    Attached = 3,
    Detached = 4,

    /// <summary>What is stored of an attached key.</summary>
    Stored = 5,

    /// <summary>All keys of a range, by a deletion as a set: each front knows which those are.</summary>
    RangeDetached = 6,
}

/// <param name="Kind">What was done.</param>
/// <param name="Id">The lease; 0 where the step is about a range.</param>
/// <param name="Lease">As it is now, where it was set.</param>
/// <param name="Key">Of the lease; null where the step is about the lease, or a range.</param>
/// <param name="Record">What is kept of the key.</param>
/// <param name="Range">Whose keys were detached.</param>
internal readonly record struct LeaseStep(
    LeaseStepKind Kind, long Id, LeaseRecord? Lease = null, byte[]? Key = null, LeaseKeyRecord? Record = null, KeyRange? Range = null)
{
    /// <summary>Does the same to another table.</summary>
    /// <param name="table">As the first one was before the step.</param>
    /// <param name="changes">Takes in what the step has changed beside what the row says of changes.</param>
    public void ApplyTo(ILeaseTable table, List<LeaseChange> changes)
    {
        switch (Kind)
        {
            case LeaseStepKind.Set:
                table.Set(Lease!);
                break;
            case LeaseStepKind.Removed:
                table.Remove(table.Find(Id) ?? throw new InvariantViolationException($"lease {Id} ended and was not there"));
                break;
            case LeaseStepKind.Attached:
                table.Attach(Id, Key!, Record!);
                break;
            case LeaseStepKind.Detached:
                table.Detach(Id, Key!);
                break;
            case LeaseStepKind.Stored:
                table.Store(Id, Key!, Record!);
                break;
            case LeaseStepKind.RangeDetached:
                table.DetachAll(Range!.Value, changes);
                break;
        }
    }
}
