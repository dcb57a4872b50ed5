using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Transactions of the store in memory: on single keys, and not nested. All others are tested against a member.</summary>
internal sealed partial class InMemoryStore
{
    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken)
    {
        TxnCheck.Require(request);
        lock (_lock)
        {
            Enter();
            var before = _revision;
            var succeeded = request.Compares.All(Holds);
            var answers = (succeeded ? request.Success : request.Failure).Select(operation => Do(operation, before)).ToArray();
            return ValueTask.FromResult(new TxnResponse { Revision = _revision, Succeeded = succeeded, Responses = answers });
        }
    }

    private bool Holds(Compare compare)
    {
        var item = Current(compare.Key);
        if (compare.Target == CompareTarget.Value && item is null)
        {
            return false;
        }

        var order = compare.Target switch
        {
            CompareTarget.Version => (item?.Version ?? 0).CompareTo(compare.Number),
            CompareTarget.CreateRevision => (item?.CreateRevision ?? 0).CompareTo(compare.Number),
            CompareTarget.ModRevision => (item?.ModRevision ?? 0).CompareTo(compare.Number),
            CompareTarget.Lease => (item?.Lease ?? 0).CompareTo(compare.Number),
            _ => item!.Value.Span.SequenceCompareTo(compare.Value.Span),
        };
        return compare.Result switch
        {
            CompareResult.Equal => order == 0,
            CompareResult.Greater => order > 0,
            CompareResult.Less => order < 0,
            _ => order != 0,
        };
    }

    private TxnOperationResponse Do(TxnOperation operation, long before)
    {
        if (operation.Put is { } put)
        {
            RequireSpace();
            var previous = Current(put.Key);
            var lease = put.KeepLease ? previous!.Lease : put.Lease;
            AtOneRevision(before, () => Put(put.Key.ToArray(), put.Value.ToArray(), lease, previous));
            return new TxnOperationResponse
            {
                Put = new PutResponse { Revision = _revision, Succeeded = true, Previous = put.ReturnPrevious ? previous : null },
            };
        }

        if (operation.DeleteRange is { } deletion)
        {
            var doomed = Live(deletion.Key, deletion.RangeEnd, _revision);
            AtOneRevision(before, () => Delete(doomed.Select(item => item.Key.ToArray())));
            return new TxnOperationResponse
            {
                DeleteRange = new DeleteRangeResponse { Revision = _revision, Succeeded = true, Deleted = doomed.Count },
            };
        }

        var found = Live(operation.Range!.Key, operation.Range.RangeEnd, _revision);
        return new TxnOperationResponse
        {
            Range = new RangeResponse { Revision = _revision, Items = [.. Limited(operation.Range, found)], Count = found.Count },
        };
    }

    /// <summary>Each write counts the revision on by itself; those of one transaction have one together.</summary>
    private void AtOneRevision(long before, Action write)
    {
        var reached = _revision;
        _revision = before;
        write();
        _revision = Math.Max(reached, _revision);
    }
}
