using System.Threading.Tasks.Sources;

namespace Raftd.Peers.Http;

/// <summary>Wakes the one pump that waits. If it is set several times meanwhile, the pump goes round once.</summary>
/// <remarks>One for each direction of a stream, used for its whole life: a message costs no task and no allocation.</remarks>
internal sealed class WakeSignal : IValueTaskSource
{
    // Guards _isSet and _isWaiting.
    private readonly Lock _gate = new();

    // Not inline: the replica's thread sets it, and must not write to a socket.
    private ManualResetValueTaskSourceCore<bool> _source = new() { RunContinuationsAsynchronously = true };
    private bool _isSet;
    private bool _isWaiting;

    public void Set()
    {
        lock (_gate)
        {
            if (!_isWaiting)
            {
                _isSet = true;
                return;
            }

            _isWaiting = false;
        }

        _source.SetResult(true);
    }

    /// <summary>Completes once it has been set since the last call returned.</summary>
    public ValueTask WaitAsync()
    {
        lock (_gate)
        {
            if (_isSet)
            {
                _isSet = false;
                return ValueTask.CompletedTask;
            }

            _source.Reset();
            _isWaiting = true;
            return new ValueTask(this, _source.Version);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
