namespace Raftd.Mutations.Table;

/// <summary>Lists and histories of any length, and writes that depend on what is there.</summary>
internal static class ListMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new()
        {
            Name = "list-of-several-revisions",
            Failures = [],
            Wrong = "each step of a list reads what is newest then: a key that moves is in it twice, or not at all",
            In = "KeyPageRequest.Behind",
            Original = "page.ReadRevision",
            Broken = "0",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "list-without-backpressure",
            Failures = [],
            Wrong = "a list is written into memory as fast as it is read, however slowly its reader takes it",
            In = "ItemWriter.FlushIfFullAsync",
            Original = "_earlierBytes + Json.BytesCommitted + Json.BytesPending - _flushedBytes < FlushBytes",
            Broken = "Json.BytesPending < FlushBytes",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "cut-list-looks-whole",
            Failures = [],
            Wrong = "a list whose revision is compacted under it ends as if that were all",
            In = "ItemStream.RunAsync",
            Original = "throw new CutShortException(error.Message, failure);",
            Broken = "return;",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "cursor-of-any-list",
            Failures = [],
            Wrong = "a cursor is taken for another list, and skips keys of it",
            In = "ListCursor.Parse",
            Original = "BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(ListAt)) != list",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "history-of-what-is-compacted",
            Failures = [],
            Wrong = "a history goes on behind the compact revision for as long as the member has not cleaned its index",
            In = "KeyReader.KeptVersions",
            Original = "revision.Main < floor || (revision.Main == floor && !IsOfTheSame(record, at))",
            Broken = "false",
            Suites = [Suite.Store],
        },
        new()
        {
            Name = "counter-loses-its-lease",
            Failures = [],
            Wrong = "a counter that ends with its lease is for ever once it was counted",
            In = "KeyChangeApi.WriteAsync",
            Original = "now?.Lease > 0",
            Broken = "false",
            Suites = [Suite.Api],
        },
        new()
        {
            Name = "txn-overlooks-fields",
            Failures = [],
            Wrong = "a misspelt field of a transaction is overlooked, and its condition holds",
            In = "TxnFields.RequireNoOthers",
            Original = "!_known.Exists(field.NameEquals)",
            Broken = "false",
            Suites = [Suite.Api],
        },
    ];
}
