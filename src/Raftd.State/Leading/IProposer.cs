namespace Raftd.State.Leading;

/// <summary>Puts commands into the log, if this process leads.</summary>
/// <remarks>The bytes of a command are not changed until its outcome is told.</remarks>
public interface IProposer
{
    /// <summary>The task always ends, and never throws.</summary>
    Task<ProposalOutcome> ProposeAsync(ReadOnlyMemory<byte> command);

    /// <param name="command">Encoded.</param>
    /// <param name="deadline">A timestamp of the engine's clock; its own limit for requests may be earlier.</param>
    /// <param name="ended">Told once, on the thread that ends it.</param>
    void Propose(ReadOnlyMemory<byte> command, long deadline, Action<ProposalOutcome> ended);
}
