using Raftd.Store.Commands;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    /// <summary>Executes a command of the log. Its effect shows with the next Publish.</summary>
    /// <param name="index">Exactly one above the entry before.</param>
    /// <param name="term">The entry's Raft term.</param>
    /// <param name="command">Made by CommandFactory; unchanged until the entry has a result.</param>
    /// <returns>What to answer, once published; refusals are results too. Null for an entry that takes several slices,
    /// of which none has been done: publish what was applied before it, then call ApplySlice until that answers.</returns>
    /// <exception cref="NewerLevelException">Nothing was changed: this build does not know what the others execute.</exception>
    public CommandResult? Apply(ulong index, ulong term, ReadOnlyMemory<byte> command)
    {
        var decoded = Decode(index, command);
        Begin(index, term);
        if (decoded.Check(_state) is { } refused)
        {
            return End(index, term, refused);
        }

        if (decoded is DeletingCommand deletion && deletion.CountDeleted(_state) > _options.SliceKeys)
        {
            _long = new LongEntry(index, term, deletion.Slices(_state, _options.SliceKeys).GetEnumerator());
            return null;
        }

        return End(index, term, decoded.Execute(_state));
    }

    /// <summary>Applies an entry that says nothing: the first of a term.</summary>
    public CommandResult ApplyEmpty(ulong index, ulong term)
    {
        Begin(index, term);
        return End(index, term, new DoneResult(_state.Keyspace.Revision));
    }

    /// <summary>Keeps the configuration of the group with the state it belongs to. Its meaning is Raft's.</summary>
    public CommandResult ApplyConfiguration(ulong index, ulong term, ReadOnlyMemory<byte> configuration)
    {
        Begin(index, term);
        Failpoint.Hit("member.apply");
        _state.Configuration = configuration.ToArray();
        _state.ConfigurationIndex = index;
        _state.Hash.Add(_state.Configuration);
        return End(index, term, new DoneResult(_state.Keyspace.Revision));
    }

    /// <summary>Before anything is changed: a member that cannot read what the others execute must not go on.</summary>
    private Command Decode(ulong index, ReadOnlyMemory<byte> command)
    {
        NewerLevelException.ThrowIfNewer($"entry {index}", CommandCodec.LevelOf(command.Span), KnownLevel);

        // The proposer has decoded it.
        Invariant.Check(
            CommandCodec.TryDecode(command, out var decoded), $"entry {index}: a command of {command.Length} bytes cannot be read");
        NewerLevelException.ThrowIfNewer($"what follows entry {index}", decoded.LevelBehind, KnownLevel);
        return decoded;
    }

    private void Begin(ulong index, ulong term)
    {
        var applied = _state.Applied;
        Invariant.Check(_long is null, $"entry {index} while entry {_long?.Index} has slices left");
        Invariant.Check(index == applied.Index + 1, $"entry {index} after {applied.Index}");
        Invariant.Check(term >= applied.Term, $"entry {index} of term {term} after term {applied.Term}");
        _state.EntryTerm = term;
        _state.Hash.Add(index, term);
    }

    private CommandResult End(ulong index, ulong term, CommandResult result)
    {
        _state.Keyspace.Close();
        _resultWriter.Reset();
        CommandResultCodec.Write(_resultWriter, result);
        _state.Hash.Add(_resultWriter.Written);
        _state.Applied = new AppliedState(index, term, _state.Hash.Value);
        _hashes.Set(index, _state.Hash.Value);
        _state.Keyspace.CleanIndex(CleanedKeysPerEntry);
        return result;
    }
}
