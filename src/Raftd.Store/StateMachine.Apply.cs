using Raftd.State.Commands;

namespace Raftd.Store;

public sealed partial class StateMachine
{
    /// <summary>Executes a command of the log. Its effect shows with the next Publish.</summary>
    /// <returns>As CommandExecutor.Apply.</returns>
    /// <exception cref="NewerLevelException">Nothing was changed: this build does not know what the others execute.</exception>
    public CommandResult? Apply(ulong index, ulong term, ReadOnlyMemory<byte> command, bool isAsked = true) =>
        Ended(_state.Executor.Apply(index, term, command, isAsked));

    /// <summary>The next slice of an entry for which Apply answered null.</summary>
    /// <returns>Its result with the last slice; null before.</returns>
    public CommandResult? ApplySlice() => Ended(_state.Executor.ApplySlice());

    /// <summary>Applies an entry that says nothing: the first of a term.</summary>
    public CommandResult ApplyEmpty(ulong index, ulong term) => Ended(_state.Executor.ApplyEmpty(index, term))!;

    /// <summary>Keeps the configuration of the group with the state it belongs to. Its meaning is Raft's.</summary>
    public CommandResult ApplyConfiguration(ulong index, ulong term, ReadOnlyMemory<byte> configuration) =>
        Ended(_state.Executor.ApplyConfiguration(index, term, configuration))!;

    private CommandResult? Ended(CommandResult? result)
    {
        if (result is not null)
        {
            _hashes.Set(_state.Applied.Index, _state.Applied.Hash);
            _state.Keyspace.CleanIndex(CleanedKeysPerEntry);
        }

        return result;
    }
}
