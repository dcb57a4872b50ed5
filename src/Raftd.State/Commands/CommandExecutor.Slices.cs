// Entries that may delete many keys: a range, a lease with its keys, a batch of leases whose time is up.
//
// The naive way deletes them all in one step. A million keys take seconds, and for as long the applier cannot take in
// leases, hand over to the flusher or stop. Cutting the deletion into several entries would show half of it to readers and
// watchers. So it stays one entry, and apply works through it in slices:
//
//   1. Apply counts first (DeletingCommand), which takes logarithmic time. What fits one slice is done at once, like any
//      other entry.
//   2. For more it answers null and has changed nothing. The applier publishes and answers what came before, because from
//      the first slice on the working state is in the middle of an entry.
//   3. Each ApplySlice deletes up to sliceKeys keys. Between two of them readers read the last published view.
//   4. The last slice answers the result. All keys of the entry have one revision and differ by sub, and one Publish shows
//      them all.
//
// The size of a slice is each member's own: no result, revision or hash depends on it.
//
// Invariant: between the first and the last slice nothing is published, frozen or installed. A crash there loses nothing;
// the entry is in the log and begins anew.

namespace Raftd.State.Commands;

public sealed partial class CommandExecutor
{
    private LongEntry? _long;

    /// <summary>The entry that has slices left; null between entries.</summary>
    public ulong? UnfinishedEntry => _long?.Index;

    /// <summary>Whether slices of it have been done: the working state is in the middle of an entry.</summary>
    public bool IsInsideEntry => _long is { HasBegun: true };

    /// <summary>The next slice of an entry for which Apply answered null.</summary>
    /// <returns>Its result with the last slice, as of Apply; null before.</returns>
    public CommandResult? ApplySlice()
    {
        Invariant.Check(_long is not null, $"a slice of no entry, behind entry {state.Applied.Index}");
        var entry = _long;
        entry.HasBegun = true;
        Failpoint.Hit("apply.slice");
        Invariant.Check(entry.Slices.MoveNext(), $"the last slice of entry {entry.Index} brought no result");
        if (entry.Slices.Current is not { } result)
        {
            return null;
        }

        _long = null;
        entry.Slices.Dispose();
        return End(entry.Index, entry.Term, result);
    }

    /// <summary>An entry that takes several slices. The working state is in its middle from the first slice on.</summary>
    private sealed class LongEntry(ulong index, ulong term, IEnumerator<CommandResult?> slices)
    {
        public ulong Index { get; } = index;

        public ulong Term { get; } = term;

        public IEnumerator<CommandResult?> Slices { get; } = slices;

        public bool HasBegun { get; set; }
    }
}
