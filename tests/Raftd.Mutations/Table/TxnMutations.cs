namespace Raftd.Mutations.Table;

/// <summary>Transactions and ordered ranges.</summary>
internal static class TxnMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "txn-compares-see-its-writes",
            Failures = [59],
            Wrong = "a nested compare is asked after the operations before it",
            In = "TxnRun.Do",
            Original = "if («path.Nested[i]» is { } nested)",
            Broken = "operation.Txn is { } inner ? TxnPath.Choose(inner, state.Keyspace) : null",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "txn-refuses-in-the-middle",
            Failures = [34, 59],
            Wrong = "a put of a transaction whose lease does not exist is not refused",
            In = "TxnCommand.RefusePut",
            Original = "put.Lease == 0",
            Broken = "put.Lease >= 0",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "txn-reads-are-hashed",
            Failures = [34],
            Wrong = "what a transaction read joins the hash chain: a member where no client waits has another chain",
            In = "CommandResultCodec.WriteHashed",
            Original = "result.WriteHashed(writer);",
            Broken = "result.WriteBody(writer);",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "txn-absent-value-compares",
            Failures = [59],
            Wrong = "a value that does not exist compares as an empty one",
            In = "TxnPath.Holds(3)",
            Original = "live is not null && Holds(compare.Result, keys.ValueOf(live).AsSpan().SequenceCompareTo(compare.Value.Span))",
            Broken = "Holds(compare.Result, (live is null ? new byte[0] : keys.ValueOf(live)).AsSpan().SequenceCompareTo(compare.Value.Span))",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "txn-range-compare-needs-one",
            Failures = [59],
            Wrong = "a compare of a range holds if its first key passes",
            In = "TxnPath.HoldsForAll",
            Original = "keys.Walk(new KeyRange(compare.Key, compare.RangeEnd))",
            Broken = "keys.Walk(new KeyRange(compare.Key, compare.RangeEnd)).Take(1)",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "txn-duplicates-pass",
            Failures = [59],
            Wrong = "a transaction that puts and deletes a key is proposed",
            In = "TxnCheck.Writes.AddPut",
            Original = "Deleted.Holds(key) || !Puts.Add(key)",
            Broken = "!Puts.Add(key)",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "txn-deletes-of-siblings-forgotten",
            Failures = [59],
            Wrong = "what a nested transaction deletes is not held against the puts of the next one",
            In = "TxnCheck.Writes.TakeIn",
            Original = "Deleted.AddAll(success.Deleted);",
            Broken = "_ = Deleted;",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "txn-without-bound",
            Failures = [59],
            Wrong = "no list of a transaction is too long",
            In = "TxnCheck.RequireLengths",
            Original = "longest > most || all > Bounds.MaxNestedTxnOperations",
            Broken = "false",
            Suites = [Suite.Node],
        },
        new()
        {
            Name = "txn-below-its-level",
            Failures = [82],
            Wrong = "a transaction has the layout of the level before, whose members cannot read it",
            In = "CommandCodec.Encode",
            Original = "Math.Max(LayoutOf(command.Caller, level), (byte)command.NeededLevel)",
            Broken = "LayoutOf(command.Caller, level)",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "txn-growth-not-counted",
            Failures = [60],
            Wrong = "the puts of a transaction are not counted against the quota",
            In = "TxnCommand.GrowthOfAll",
            Original = "puts == 0",
            Broken = "puts >= 0",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "put-keeps-nothing",
            Failures = [59],
            Wrong = "a put that keeps the value writes an empty one",
            In = "PutCommand.Execute",
            Original = "KeepValue && former is not null ? state.Keyspace.ValueOf(former) : Value.ToArray()",
            Broken = "Value.ToArray()",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "range-limit-before-order",
            Failures = [57],
            Wrong = "a sorted range looks at its first items only",
            In = "RangeRanking.IsDecided",
            Original = "More && !_request.IsSorted",
            Broken = "More",
            Suites = [Suite.Store, Suite.Node],
        },
        new()
        {
            Name = "range-lost-item-comes-back",
            Failures = [57],
            Wrong = "an item behind one that had to go is among the items",
            In = "RangeRanking.Offer",
            Original = "_firstLost is not null && _order.Compare(item, _firstLost) > 0",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "compaction-splits-a-transaction",
            Failures = [51],
            Wrong = "a key that a transaction changes twice loses the first change to a compaction to that revision (docs/bugs.md)",
            In = "Keyspace.CleanKey",
            Original = "record.Past![keepFrom - 1].Main == CompactRevision",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "change-within-a-transaction-freed-too-soon",
            Failures = [51],
            Wrong = "the room of a change that its own transaction supersedes is given back while it is still there (docs/bugs.md)",
            In = "Keyspace.Add",
            Original = "existing.Revision.Main < main",
            Broken = "true",
            Suites = [Suite.Store],
        },
    ];
}
