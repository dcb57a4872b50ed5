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
    /// them. While this leader has not applied all that earlier leaders left, the level may have risen already; such a command
    /// is sent back to be tried again.</summary>
    private void RefuseAboveLevel()
    {
        var level = FeatureLevel;
        var isSettled = !IsRaisingLevel && _promotingTerm == _raft.Term;
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
