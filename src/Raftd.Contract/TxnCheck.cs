// What makes a transaction one that can be done, told from the request alone, both lists of each level included. In this order:
//
//   1. no list is too long, on any level
//   2. each compare names a key
//   3. each operation is one, and names a key
//   4. no key is put twice on one path, nor put and deleted, but for a put whose key a later nested transaction deletes
//
// The fourth rule is etcd's, with its one hole: a deletion up to the end of the keyspace (range end 0) is not held against
// puts behind its first key. Nothing depends on the rule but what clients expect: the operations are done in order, and the
// last one counts.

using System.Diagnostics.CodeAnalysis;

namespace Raftd.Contract;

/// <summary>Checks transactions before they are proposed, for every engine.</summary>
public static class TxnCheck
{
    /// <exception cref="StoreException">TooManyOperations, EmptyKey, BadRequest or DuplicateKey.</exception>
    public static void Require(TxnRequest request)
    {
        var all = 0;
        RequireLengths(request, Bounds.MaxTxnOperations, ref all);
        RequireKeys(request);
        _ = WritesOf(request.Success);
        _ = WritesOf(request.Failure);
    }

    private static void RequireLengths(TxnRequest request, int most, ref int all)
    {
        var longest = Math.Max(request.Compares.Count, Math.Max(request.Success.Count, request.Failure.Count));
        all += request.Compares.Count + request.Success.Count + request.Failure.Count;
        if (longest > most || all > Bounds.MaxNestedTxnOperations)
        {
            throw new StoreException(
                ErrorCode.TooManyOperations,
                $"the transaction has a list of {longest} operations, allowed are {most} on its level, and "
                + $"{Bounds.MaxNestedTxnOperations} on all levels together",
                "make several transactions of it");
        }

        foreach (var nested in Nested(request))
        {
            RequireLengths(nested, most - longest, ref all);
        }
    }

    private static IEnumerable<TxnRequest> Nested(TxnRequest request) =>
        request.Success.Concat(request.Failure).Select(static operation => operation.Txn).OfType<TxnRequest>();

    private static void RequireKeys(TxnRequest request)
    {
        foreach (var compare in request.Compares)
        {
            RequireKey(compare.Key);
        }

        foreach (var operation in request.Success.Concat(request.Failure))
        {
            RequireOne(operation);
        }
    }

    private static void RequireOne(TxnOperation operation)
    {
        switch (operation)
        {
            case { Range: { } range, Put: null, DeleteRange: null, Txn: null }:
                RequireKey(range.Key);
                return;
            case { Range: null, Put: { } put, DeleteRange: null, Txn: null }:
                RequireKey(put.Key);
                RequirePlain(put.Condition is null && put.TtlSeconds == 0);
                return;
            case { Range: null, Put: null, DeleteRange: { } deletion, Txn: null }:
                RequireKey(deletion.Key);
                RequirePlain(deletion.Condition is null);
                return;
            case { Range: null, Put: null, DeleteRange: null, Txn: { } nested }:
                RequireKeys(nested);
                return;
            default:
                throw new StoreException(ErrorCode.BadRequest, "an operation of the transaction is none, or several at once");
        }
    }

    private static void RequireKey(ReadOnlyMemory<byte> key)
    {
        if (key.IsEmpty)
        {
            throw new StoreException(ErrorCode.EmptyKey, "a compare or an operation of the transaction names no key");
        }
    }

    private static void RequirePlain(bool isPlain)
    {
        if (!isPlain)
        {
            throw new StoreException(
                ErrorCode.BadRequest,
                "an operation of the transaction has a condition or a time to live of its own",
                "put the condition into the transaction's compares, and grant a lease");
        }
    }

    /// <summary>What one list of operations writes, with all that is nested in it.</summary>
    private static Writes WritesOf(IReadOnlyList<TxnOperation> operations)
    {
        var all = new Writes();
        foreach (var deletion in operations.Select(static operation => operation.DeleteRange).OfType<DeleteRangeRequest>())
        {
            all.Deleted.Add(deletion.Key, deletion.RangeEnd);
        }

        foreach (var nested in operations.Select(static operation => operation.Txn).OfType<TxnRequest>())
        {
            all.TakeIn(nested);
        }

        foreach (var put in operations.Select(static operation => operation.Put).OfType<PutRequest>())
        {
            all.AddPut(put.Key);
        }

        return all;
    }

    private static int Order(ReadOnlyMemory<byte> left, ReadOnlyMemory<byte> right) => left.Span.SequenceCompareTo(right.Span);

    /// <summary>The keys that a list puts and deletes.</summary>
    private sealed class Writes
    {
        public SortedSet<ReadOnlyMemory<byte>> Puts { get; } = new(Comparer<ReadOnlyMemory<byte>>.Create(Order));

        public KeyIntervals Deleted { get; } = new();

        public void AddPut(ReadOnlyMemory<byte> key)
        {
            if (Deleted.Holds(key) || !Puts.Add(key))
            {
                ThrowDuplicate(key);
            }
        }

        /// <summary>Only one of a nested transaction's lists is done: the two may put the same key.</summary>
        public void TakeIn(TxnRequest nested)
        {
            var success = WritesOf(nested.Success);
            var failure = WritesOf(nested.Failure);
            failure.Puts.ExceptWith(success.Puts);
            foreach (var key in success.Puts.Concat(failure.Puts))
            {
                AddPut(key);
            }

            Deleted.AddAll(success.Deleted);
            Deleted.AddAll(failure.Deleted);
        }

        [DoesNotReturn]
        private static void ThrowDuplicate(ReadOnlyMemory<byte> key) => throw new StoreException(
            ErrorCode.DuplicateKey,
            $"the transaction puts a key of {key.Length} bytes twice, or puts and deletes it",
            "leave one of the operations out");
    }

    /// <summary>Half-open intervals of keys, kept in order and apart, so that a key is found in logarithmic time.</summary>
    private sealed class KeyIntervals
    {
        private readonly List<(ReadOnlyMemory<byte> Low, ReadOnlyMemory<byte> High)> _intervals = [];

        public void Add(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> rangeEnd) =>
            Add((key, rangeEnd.IsEmpty ? Behind(key) : rangeEnd));

        public void AddAll(KeyIntervals others) => others._intervals.ForEach(Add);

        public bool Holds(ReadOnlyMemory<byte> key)
        {
            var at = CountBeginningUpTo(key) - 1;
            return at >= 0 && Order(key, _intervals[at].High) < 0;
        }

        private void Add((ReadOnlyMemory<byte> Low, ReadOnlyMemory<byte> High) added)
        {
            if (Order(added.Low, added.High) >= 0)
            {
                return;
            }

            var first = CountBeginningUpTo(added.Low);
            if (first > 0 && Order(_intervals[first - 1].High, added.Low) >= 0)
            {
                first--;
                added.Low = _intervals[first].Low;
            }

            var end = first;
            for (; end < _intervals.Count && Order(_intervals[end].Low, added.High) <= 0; end++)
            {
                added.High = Order(_intervals[end].High, added.High) > 0 ? _intervals[end].High : added.High;
            }

            _intervals.RemoveRange(first, end - first);
            _intervals.Insert(first, added);
        }

        /// <summary>How many intervals begin at the key or before it.</summary>
        private int CountBeginningUpTo(ReadOnlyMemory<byte> key)
        {
            var low = 0;
            var high = _intervals.Count;
            while (low < high)
            {
                var middle = (low + high) >>> 1;
                if (Order(_intervals[middle].Low, key) <= 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            return low;
        }

        /// <summary>The first key behind this one: with it as the end, the interval holds this one alone.</summary>
        private static byte[] Behind(ReadOnlyMemory<byte> key) => [.. key.Span, 0];
    }
}
