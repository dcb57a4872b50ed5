using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Commands;

/// <summary>The reads of one transaction, which share one bound of bytes; and whole transactions that only read, which are no
/// entries.</summary>
/// <param name="keys">What they read.</param>
public sealed class TxnReads(IKeyReads keys)
{
    private long _left = Bounds.MaxTxnAnswerBytes;

    /// <summary>All operations on the first level of both lists are ranges. What is nested makes an entry, as etcd has it.
    /// </summary>
    public static bool IsReadOnly(TxnRequest request) =>
        request.Success.Concat(request.Failure).All(static operation => operation.Range is not null);

    /// <summary>Stale, if every range of it is; linearizable otherwise, and where there is no range.</summary>
    public static ReadLevel LevelOf(TxnRequest request)
    {
        var operations = request.Success.Concat(request.Failure).ToList();
        return operations.Count > 0 && operations.TrueForAll(static operation => operation.Range!.Level == ReadLevel.Stale)
            ? ReadLevel.Stale
            : ReadLevel.Linearizable;
    }

    /// <param name="request">A read-only one.</param>
    /// <exception cref="StoreException">Compacted or FutureRevision of a range on the way.</exception>
    public TxnResponse Answer(TxnRequest request)
    {
        var path = TxnPath.Choose(request, keys);
        return new TxnResponse
        {
            Revision = keys.Revision,
            Succeeded = path.Succeeded,
            Responses = [.. path.Operations.Select(operation => new TxnOperationResponse { Range = Range(operation.Range!) })],
        };
    }

    internal static RangeResponse Unread(long revision) => new() { Revision = revision, Items = [], Count = 0 };

    internal RangeResponse Range(RangeRequest range)
    {
        if (range.Revision < 0)
        {
            throw new StoreException(ErrorCode.Compacted, $"there never was a revision {range.Revision}");
        }

        var answer = keys.Range(range with { MaxBytes = range.MaxBytes == 0 ? _left : Math.Min(range.MaxBytes, _left) });
        foreach (var item in answer.Items)
        {
            _left -= item.Key.Length + item.Value.Length;
        }

        _left = Math.Max(_left, 1);
        return answer;
    }
}
