// Applies the entries of a log to the state, in order: a pure function of (entry, state), the same on every member.
//
// What is decided here and nowhere else: an entry follows the one before it; a command that this build cannot read stops
// the member before anything is changed; a command is checked, its caller first, then executed; and the hash chain takes in
// the entry's index and term, its mutations in order (the engine adds them), and its encoded result.

using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>Executes commands on one state. One thread.</summary>
/// <param name="state">What they change.</param>
/// <param name="knownLevel">The newest feature level that may be executed.</param>
/// <param name="sliceKeys">Keys that one slice of a long deletion takes.</param>
public sealed partial class CommandExecutor(WorkingState state, int knownLevel, int sliceKeys)
{
    private readonly WireWriter _result = new(256);

    /// <summary>Executes a command of the log.</summary>
    /// <param name="index">Exactly one above the entry before.</param>
    /// <param name="term">The entry's Raft term.</param>
    /// <param name="command">Made by CommandFactory; unchanged until the entry has a result.</param>
    /// <param name="isAsked">A client of this member waits for the answer. Without one, what is only read for it is left out.</param>
    /// <returns>What to answer, once published; refusals are results too. Null for an entry that takes several slices,
    /// of which none has been done: publish what was applied before it, then call ApplySlice until that answers.</returns>
    /// <exception cref="NewerLevelException">Nothing was changed: this build does not know what the others execute.</exception>
    public CommandResult? Apply(ulong index, ulong term, ReadOnlyMemory<byte> command, bool isAsked = true)
    {
        var decoded = Decode(index, command);
        Begin(index, term);
        state.IsAsked = isAsked;
        if ((state.RefuseCaller(decoded.Caller) ?? decoded.Check(state)) is { } refused)
        {
            return End(index, term, refused);
        }

        if (decoded is DeletingCommand deletion && deletion.CountDeleted(state) > sliceKeys)
        {
            _long = new LongEntry(index, term, deletion.Slices(state, sliceKeys).GetEnumerator());
            return null;
        }

        return End(index, term, decoded.Execute(state));
    }

    /// <summary>Applies an entry that says nothing: the first of a term.</summary>
    public CommandResult ApplyEmpty(ulong index, ulong term)
    {
        Begin(index, term);
        return End(index, term, new DoneResult(state.Keyspace.Revision));
    }

    /// <summary>Keeps the configuration of the group with the state it belongs to. Its meaning is Raft's.</summary>
    public CommandResult ApplyConfiguration(ulong index, ulong term, ReadOnlyMemory<byte> configuration)
    {
        Begin(index, term);
        Failpoint.Hit("member.apply");
        state.Configuration = configuration.ToArray();
        state.ConfigurationIndex = index;
        state.Hash.Add(state.Configuration);
        return End(index, term, new DoneResult(state.Keyspace.Revision));
    }

    /// <summary>Before anything is changed: a member that cannot read what the others execute must not go on.</summary>
    private Command Decode(ulong index, ReadOnlyMemory<byte> command)
    {
        NewerLevelException.ThrowIfNewer($"entry {index}", CommandCodec.LevelOf(command.Span), knownLevel);

        // The proposer has decoded it.
        Invariant.Check(
            CommandCodec.TryDecode(command, out var decoded), $"entry {index}: a command of {command.Length} bytes cannot be read");
        NewerLevelException.ThrowIfNewer($"what follows entry {index}", decoded.LevelBehind, knownLevel);
        return decoded;
    }

    private void Begin(ulong index, ulong term)
    {
        var applied = state.Applied;
        Invariant.Check(_long is null, $"entry {index} while entry {_long?.Index} has slices left");
        Invariant.Check(index == applied.Index + 1, $"entry {index} after {applied.Index}");
        Invariant.Check(term >= applied.Term, $"entry {index} of term {term} after term {applied.Term}");
        state.EntryTerm = term;
        state.Hash.Add(index, term);
    }

    private CommandResult End(ulong index, ulong term, CommandResult result)
    {
        state.Keyspace.Close();
        _result.Reset();
        CommandResultCodec.WriteHashed(_result, result);
        state.Hash.Add(_result.Written);
        state.Applied = new AppliedState(index, term, state.Hash.Value);
        return result;
    }
}
