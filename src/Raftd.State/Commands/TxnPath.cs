// The way that a transaction takes: which of its lists is done, on each level. Every compare, nested ones too, is asked of the
// state before the transaction, so the whole way is known before its first operation.

using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Commands;

/// <summary>One level of the way.</summary>
/// <param name="Succeeded">The compares hold, and Success is done.</param>
/// <param name="Operations">Of the chosen list.</param>
/// <param name="Nested">The way through each operation that is a transaction, null for the others; as many as operations.
/// </param>
internal sealed record TxnPath(bool Succeeded, IReadOnlyList<TxnOperation> Operations, IReadOnlyList<TxnPath?> Nested)
{
    public static TxnPath Choose(TxnRequest request, IKeyReads keys)
    {
        var succeeded = request.Compares.All(compare => HoldsForAll(compare, keys));
        var operations = succeeded ? request.Success : request.Failure;
        return new TxnPath(
            succeeded,
            operations,
            [.. operations.Select(operation => operation.Txn is { } nested ? Choose(nested, keys) : null)]);
    }

    /// <summary>The operations of the way in the order in which they are done, without the transactions around them.</summary>
    public IEnumerable<TxnOperation> All()
    {
        for (var i = 0; i < Operations.Count; i++)
        {
            if (Nested[i] is not { } nested)
            {
                yield return Operations[i];
                continue;
            }

            foreach (var operation in nested.All())
            {
                yield return operation;
            }
        }
    }

    private static bool HoldsForAll(Compare compare, IKeyReads keys)
    {
        if (compare.RangeEnd.IsEmpty)
        {
            return Holds(compare, keys.FindLive(compare.Key.Span), keys);
        }

        // A range without keys is a key that does not exist.
        return keys.Walk(new KeyRange(compare.Key, compare.RangeEnd)).DefaultIfEmpty(null).All(live => Holds(compare, live, keys));
    }

    private static bool Holds(Compare compare, ILiveKey? live, IKeyReads keys)
    {
        if (compare.Target == CompareTarget.Value)
        {
            return live is not null && Holds(compare.Result, keys.ValueOf(live).AsSpan().SequenceCompareTo(compare.Value.Span));
        }

        var number = compare.Target switch
        {
            CompareTarget.Version => live?.Version,
            CompareTarget.CreateRevision => live?.CreateRevision,
            CompareTarget.ModRevision => live?.Revision.Main,
            CompareTarget.Lease => live?.Lease,
            _ => throw new InvariantViolationException($"nothing compares {compare.Target}"),
        };
        return Holds(compare.Result, (number ?? 0).CompareTo(compare.Number));
    }

    private static bool Holds(CompareResult wanted, int order) => wanted switch
    {
        CompareResult.Equal => order == 0,
        CompareResult.Greater => order > 0,
        CompareResult.Less => order < 0,
        CompareResult.NotEqual => order != 0,
        _ => throw new InvariantViolationException($"nothing is {wanted}"),
    };
}
