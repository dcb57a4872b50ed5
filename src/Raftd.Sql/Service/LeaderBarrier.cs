using Raftd.Sql.Fronts;
using Raftd.State.Leading;
using Raftd.State.Timekeeping;

namespace Raftd.Sql.Service;

/// <summary>Proves that this front leads, by a look at the log that begins after the call: its last row still shows the own epoch, and
/// everything up to it has been taken in here.</summary>
internal sealed class LeaderBarrier(ulong self, FrontBoard board, CommitLoop commits, ReadPool reads, Lessor lessor) : IBarrier
{
    public bool IsPromoted => board.State.Last.Leader == self && lessor.IsPromoted;

    public async Task<bool> LeadershipBarrierAsync()
    {
        var last = await reads.ReadAsync([], static snapshot => snapshot.Last, CancellationToken.None);
        if (last.Leader != self)
        {
            return false;
        }

        // A row of another front may have ended the lease that is asked about.
        var shown = board.ShownAsync(last.Seq);
        if (!shown.IsCompleted)
        {
            commits.Look();
        }

        await shown;
        return board.State.Last.Epoch == last.Epoch;
    }
}
