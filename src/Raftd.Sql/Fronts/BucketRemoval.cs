using Raftd.Contract;

namespace Raftd.Sql.Fronts;

/// <summary>A bucket is to be removed.</summary>
/// <param name="bucket">Its name.</param>
/// <param name="force">Whatever is in it.</param>
/// <param name="deadline">A timestamp.</param>
internal sealed class BucketRemoval(string bucket, bool force, long deadline)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Ended => _ended.Task;

    public long Deadline => deadline;

    /// <summary>Its row was sent: if the log has ended, it is taken for the one that ended it.</summary>
    public bool WasSent { get; set; }

    /// <returns>Null where it may be done in this state.</returns>
    public StoreException? RefusalOf(FrontState state)
    {
        var leases = state.Leases.ById.Weight;
        return force || (state.Last.KeyCount == 0 && leases == 0)
            ? null
            : new StoreException(
                ErrorCode.Conflict,
                $"the bucket `{bucket}` is not empty: {state.Last.KeyCount} keys, {leases} leases; nothing was removed",
                "delete them first, or remove all of it with ?force=1");
    }

    /// <param name="outcome">What the caller is told where this has not removed it.</param>
    /// <param name="hasEnded">The log has.</param>
    public void End(StoreException outcome, bool hasEnded)
    {
        if (WasSent && hasEnded)
        {
            _ended.TrySetResult();
        }
        else
        {
            _ended.TrySetException(outcome);
        }
    }
}
