// The cluster's feature level at the door of the log: what raises it, and what needs more than it.

using Raftd.State.Commands;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

internal sealed partial class Replica
{
    private Proposal? _raise;

    /// <summary>The cluster's, as far as it is applied here. Any thread.</summary>
    public int FeatureLevel => _state.View().FeatureLevel;

    /// <summary>On the replica's thread: an entry of this leader that raises the level may yet be applied. An answer to it is
    /// not enough: the time limit of a proposal ends before its entry does.</summary>
    public bool IsRaisingLevel =>
        _raise is { } raise && (raise.Index == 0 ? !raise.Task.IsCompleted : raise.Term == _raft.Term && raise.Index > _applied);

    /// <summary>On the replica's thread: proposed with the next batch.</summary>
    public void RaiseLevel(ReadOnlyMemory<byte> command) => _raise = Gather(command);

    /// <summary>Ends what was gathered and needs a level that the cluster does not have: a member that knows less could not
    /// apply it. It can still be right where this leader is the one who does not know the level yet: then it is asked for
    /// again.</summary>
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
