namespace Raftd.Peers.Http;

/// <summary>The same shell around this member's end of a stream that it opened.</summary>
internal sealed class GuardedOutgoing(IOutgoingStream machine, Action<Exception> failed)
    : GuardedMachine(machine, failed), IOutgoingStream
{
    public void Opened() => Run(machine.Opened);

    public void Refused(int status, string reason) => Run(() => machine.Refused(status, reason));
}
