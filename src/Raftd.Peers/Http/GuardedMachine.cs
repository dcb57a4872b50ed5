namespace Raftd.Peers.Http;

/// <summary>The shell around a machine that a pump steps, as LoopThread is the shell around a loop.</summary>
/// <remarks>
/// HTTP takes any exception for the end of one stream, and a member with a broken invariant would go on. So the failure is
/// reported here, before HTTP sees it, and stops the process as in a loop. InvalidDataException alone is the peer's fault: it
/// ends the stream and nothing else.
/// </remarks>
internal class GuardedMachine(IStreamMachine machine, Action<Exception> failed) : IStreamMachine
{
    public WireOutput Take()
    {
        try
        {
            return machine.Take();
        }
        catch (Exception failure)
        {
            failed(failure);
            throw;
        }
    }

    public bool Receive(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return machine.Receive(bytes);
        }
        catch (Exception failure) when (failure is not InvalidDataException)
        {
            failed(failure);
            throw;
        }
    }

    public void Finished() => Run(machine.Finished);

    /// <remarks>The last call: throwing would end nothing more.</remarks>
    public void Closed(string reason)
    {
        try
        {
            machine.Closed(reason);
        }
        catch (Exception failure)
        {
            failed(failure);
        }
    }

    protected void Run(Action step)
    {
        try
        {
            step();
        }
        catch (Exception failure)
        {
            failed(failure);
            throw;
        }
    }
}
