using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Store;
using Raftd.Store.Buckets;

namespace Raftd.Node.Replication;

/// <summary>Runs defragmentations of the state, one at a time, in the steps of the flusher: the thread that writes to the store
/// is the one that copies it, so a flush waits for one step at most.</summary>
/// <remarks>A failure leaves the store as it is and is told to the caller. Damage, and a failure in the middle of the switch, end
/// the process as those of a flush do.</remarks>
internal sealed class Defragmenter(IStateDirectory directory, ILogger logger) : IDisposable
{
    private readonly Lock _gate = new(); // guards _asked and _isStopped
    private TaskCompletionSource? _asked;
    private bool _isStopped;

    private IDefragmentation? _running; // the flusher's thread

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake { get; set; } = static () => { };

    /// <summary>Any thread.</summary>
    /// <returns>Ends when the smaller file is in its place. It goes on whether or not its caller waits.</returns>
    /// <exception cref="StoreException">TooManyRequests: one is under way. NotReady: this member stops.</exception>
    public Task Request()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_isStopped)
            {
                throw Stopping();
            }

            if (_asked is not null)
            {
                throw new StoreException(
                    ErrorCode.TooManyRequests, "a defragmentation of this member is under way", "wait until it has ended");
            }

            _asked = asked;
        }

        Wake();
        return asked.Task;
    }

    /// <returns>True when there is more to do.</returns>
    public bool Step()
    {
        if (Asked is null)
        {
            return false;
        }

        try
        {
            _running ??= directory.BeginDefragmentation(StateMachine.VerifyPair);
            if (_running.Step())
            {
                return true;
            }

            NodeLog.Defragmented(logger, _running.FormerBytes, directory.Current.SizeBytes);
            End(failure: null);
        }
        catch (BucketStoreException failure) when (failure.Fault != BucketStoreFault.Corrupt && _running is not { IsInDoubt: true })
        {
            NodeLog.DefragmentationFailed(logger, failure.Message);
            End(ToAnswer(failure));
        }

        return false;
    }

    /// <summary>Once the loop has stopped.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isStopped = true;
        }

        End(Stopping());
    }

    private TaskCompletionSource? Asked
    {
        get
        {
            lock (_gate)
            {
                return _asked;
            }
        }
    }

    private void End(StoreException? failure)
    {
        _running?.Dispose();
        _running = null;
        TaskCompletionSource? asked;
        lock (_gate)
        {
            (asked, _asked) = (_asked, null);
        }

        if (failure is null)
        {
            asked?.SetResult();
        }
        else
        {
            asked?.SetException(failure);
        }
    }

    private static StoreException ToAnswer(BucketStoreException failure) => new(
        failure.Fault == BucketStoreFault.Full ? ErrorCode.NoSpace : ErrorCode.NotReady,
        $"the state was not defragmented, and is as it was: {failure.Message}",
        failure.Fault == BucketStoreFault.Full ? "free some space on the data directory's disk" : "ask again");

    private static StoreException Stopping() => new(ErrorCode.NotReady, "this member is stopping", "ask again when it has started");
}
