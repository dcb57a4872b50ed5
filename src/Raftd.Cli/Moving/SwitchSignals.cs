using System.Runtime.InteropServices;

namespace Raftd.Cli.Moving;

/// <summary>The first SIGINT or SIGTERM asks for the switch; the second one ends the process at once.</summary>
internal sealed class SwitchSignals : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Progress _progress;

    public SwitchSignals(Progress progress)
    {
        _progress = progress;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    public CancellationToken Token => _asked.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _asked.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_asked.IsCancellationRequested)
        {
            return; // not cancelled: the default action follows, which ends the process
        }

        context.Cancel = true;
        _progress.Say($"{context.Signal}: switches once all is here that the source has now; another signal ends the import at once");
        _asked.Cancel();
    }
}
