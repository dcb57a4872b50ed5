// The cluster's feature level before the log: the entry that raises it, and commands that need a higher one.

using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

internal sealed partial class Replica
{
    private Proposal? _raise;

    /// <summary>The cluster's feature level, as applied here. Any thread.</summary>
    public int FeatureLevel => _state.View().FeatureLevel;

    /// <summary>Makes what this member proposes of its own accord.</summary>
    public CommandFactory OwnCommands => new(Caller.System, FeatureLevel);

    /// <summary>On the replica's thread: an entry of this leader that raises the level may yet be applied. The end of the proposal
    /// is not enough: its time limit may pass while its entry is still on its way.</summary>
    public bool IsRaisingLevel =>
        _raise is { } raise && (raise.Index == 0 ? !raise.Task.IsCompleted : raise.Term == _raft.Term && raise.Index > _applied);

    /// <summary>On the replica's thread: the command is proposed with the next batch.</summary>
    public void RaiseLevel(ReadOnlyMemory<byte> command) => _raise = Gather(command);

    /// <summary>Ends gathered commands that need a higher level than the cluster's: a member that knows less could not apply
    /// them.</summary>
    /// <remarks>The level may be about to rise: this leader has not applied all that earlier leaders left, or the entry is on its
    /// way. Then such a command is sent back to be tried again. The first clients of a new cluster come before the leader's
    /// first tick; so the level is sought here too, or they would be refused what the cluster can do.</remarks>
    private void RefuseAboveLevel()
    {
        var level = FeatureLevel;
        if (!_gathered.Exists(proposal => CommandCodec.LevelOf(proposal.Command.Span) > level))
        {
            return;
        }

        if (IsPromoted)
        {
            LevelSought();
        }

        var isSettled = IsPromoted && !IsRaisingLevel && _raft.ConfigurationIndex == _state.View().ConfigurationIndex;
        for (var i = _gathered.Count - 1; i >= 0; i--)
        {
            var needed = CommandCodec.LevelOf(_gathered[i].Command.Span);
            if (needed <= level)
            {
                continue;
            }

            _gathered[i].End(
                isSettled ? ProposalEnd.LevelTooLow : ProposalEnd.NotProposed,
                reason: $"this needs feature level {needed}, and the cluster is at {level}; nothing was written");
            _gathered.RemoveAt(i);
        }
    }
}
