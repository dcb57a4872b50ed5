// What a log entry can ask of the state. The log holds nothing else: every change of the keyspace, of leases and of
// alarms is one of these.
//
// Each command has one file: what it carries, how its bytes are laid out, when it is refused, what it does, and what it
// answers. CommandTable names them all; nothing else knows them one by one. Apply runs a command in two halves:
//
//   1. Whether its caller may, and then Check, look at the state and change nothing. Their answer, a refusal or a condition
//      that failed, is the result.
//   2. Execute does what Check let pass, and cannot refuse. Nothing comes between the two.
//
// So a command that is made of others checks all of them first, and does all or nothing.

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>A decoded command. Its byte memory is that of the encoded bytes, and their owner's.</summary>
public abstract record Command
{
    /// <summary>Who asks for it. Nobody, too, in what a cluster below level 2 has in its log.</summary>
    public Caller Caller { get; init; } = Caller.Nobody;

    internal abstract CommandTag Tag { get; }

    /// <summary>About as many bytes as it takes encoded.</summary>
    internal virtual int SizeHint => 64;

    /// <summary>The feature level that it needs.</summary>
    internal virtual int NeededLevel => FeatureLevel.First;

    /// <summary>The feature level that entries behind this one may have.</summary>
    internal virtual int LevelBehind => FeatureLevel.First;

    /// <summary>Everything behind the tag.</summary>
    internal abstract void WriteBody(WireWriter writer);

    /// <summary>The logical bytes by which the live data grow, less than the command's own where it
    /// overwrites a key.</summary>
    /// <param name="keys">Of the leader.</param>
    /// <param name="findLease">Likewise.</param>
    /// <param name="maxGrowth">As the command's form counts it.</param>
    internal virtual long LiveGrowth(IKeyReads keys, Func<long, LeaseRecord?> findLease, long maxGrowth) => maxGrowth;

    /// <summary>The answer in place of executing it; null if it may be executed.</summary>
    internal abstract CommandResult? Check(WorkingState state);

    /// <summary>Changes the state. Check has answered null for it in this very state.</summary>
    internal abstract CommandResult Execute(WorkingState state);
}

/// <summary>A command that may delete many keys, and is executed in slices if it does (CommandExecutor.Slices.cs).</summary>
public abstract record DeletingCommand : Command
{
    /// <summary>How many keys and leases it would delete at most. Takes logarithmic time for each range or lease.</summary>
    internal abstract long CountDeleted(WorkingState state);

    /// <summary>Deletes about so many keys with each step, and answers null until the last one, which is the result.</summary>
    internal abstract IEnumerable<CommandResult?> Slices(WorkingState state, int sliceKeys);

    internal sealed override CommandResult Execute(WorkingState state) =>
        Slices(state, int.MaxValue).OfType<CommandResult>().Single();
}
