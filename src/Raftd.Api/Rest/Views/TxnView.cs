namespace Raftd.Api.Rest.Views;

/// <summary>An answer of POST /txn. The handler writes it itself; this type describes it.</summary>
/// <param name="Succeeded">The conditions held, and `then` was done; else `else`.</param>
/// <param name="Revision">Of all its changes, or the newest where it made none.</param>
/// <param name="Results">One for each operation that was done, in their order.</param>
internal sealed record TxnView(bool Succeeded, string Revision, IReadOnlyList<TxnResultView> Results);

/// <summary>Of a get Count, More and Items; of a deletion Deleted and Prev; of a put Prev.</summary>
internal sealed record TxnResultView(
    long? Count, bool? More, IReadOnlyList<KeyItemView>? Items, long? Deleted, IReadOnlyList<KeyItemView>? Prev);
