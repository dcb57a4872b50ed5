namespace Raftd.Node.Replication;

/// <summary>A read that waits until this member has applied all that was acknowledged before the read began.</summary>
/// <remarks>Completes with true when it may read, with false when no leader confirmed it in time.</remarks>
/// <param name="deadline">Timestamp after which it ends with false.</param>
internal sealed class ReadBarrier(long deadline)
    : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public long Deadline { get; } = deadline;
}
