using System.Runtime.InteropServices;

namespace Raftd.Cli;

/// <summary>
/// Turns the first SIGINT or SIGTERM into a cancelled token; the second one ends the process at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<PosixSignal> _heard;

    /// <param name="heard">Says so, before the token is cancelled.</param>
    public StopSignals(Action<PosixSignal> heard)
    {
        _heard = heard;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_stop.IsCancellationRequested)
        {
            return; // not cancelled: the default action follows, which ends the process
        }

        context.Cancel = true;
        _heard(context.Signal);
        _stop.Cancel();
    }
}
