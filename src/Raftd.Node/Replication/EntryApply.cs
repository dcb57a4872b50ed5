using Raftd.Raft;
using Raftd.State.Commands;
using Raftd.Store;

namespace Raftd.Node.Replication;

/// <summary>Which entry of the log is what to the state.</summary>
internal static class EntryApply
{
    /// <param name="state">Has applied the entry before.</param>
    /// <param name="entry">The next one.</param>
    /// <param name="isAsked">A client of this member waits for the result.</param>
    /// <returns>Null while the entry has slices left (StateMachine.ApplySlice).</returns>
    public static CommandResult? Begin(StateMachine state, Entry entry, bool isAsked)
    {
        if (entry.Kind == EntryKind.Configuration)
        {
            return state.ApplyConfiguration(entry.Index, entry.Term, entry.Data);
        }

        return entry.Data.IsEmpty
            ? state.ApplyEmpty(entry.Index, entry.Term)
            : state.Apply(entry.Index, entry.Term, entry.Data, isAsked);
    }
}
