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
}

/// <param name="Kind">What was done.</param>
/// <param name="Id">The lease.</param>
/// <param name="Lease">As it is now, where it was set.</param>
/// <param name="Key">Of the lease; null where the step is about the lease.</param>
/// <param name="Record">What is kept of the key.</param>
internal readonly record struct LeaseStep(
    LeaseStepKind Kind, long Id, LeaseRecord? Lease = null, byte[]? Key = null, LeaseKeyRecord? Record = null)
{
    /// <summary>Does the same to another table.</summary>
    public void ApplyTo(ILeaseTable table)
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
        }
    }
}
