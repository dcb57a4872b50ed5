using Raftd.Sql.Fronts;
using Raftd.State.Leading;

namespace Raftd.Sql.Peers;

/// <summary>Takes the commands of other fronts into the log as long as this one leads; else they commit themselves.</summary>
internal sealed class LeaderProposer(ulong self, FrontBoard board, CommitLoop commits, FrontOptions options, TimeProvider time) : IProposer
{
    public Task<ProposalOutcome> ProposeAsync(ReadOnlyMemory<byte> command) =>
        board.IsLedBy(self) ? commits.ProposeAsync(command) : Task.FromResult(new ProposalOutcome(ProposalEnd.NotProposed));

    /// <remarks>No command waits longer than one of this front would: those behind it count on that.</remarks>
    public void Propose(ReadOnlyMemory<byte> command, long deadline, Action<ProposalOutcome> ended)
    {
        if (!board.IsLedBy(self))
        {
            ended(new ProposalOutcome(ProposalEnd.NotProposed));
            return;
        }

        commits.Propose(command, Math.Min(deadline, time.TimestampAfter(options.RequestTimeLimit)), ended);
    }
}
