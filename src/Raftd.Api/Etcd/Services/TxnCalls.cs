// Transactions. The checks come in etcd's order, branches that will not be taken included: the lengths of the lists and the
// keys of the conditions, then the operations of success, then of failure, depth first. Keys that are put twice are found
// by the store.

using Raftd.Contract;
using Operation = Raftd.Api.Wire.RequestOp.RequestOneofCase;
using Target = Raftd.Api.Wire.Compare.Types.CompareTarget;

namespace Raftd.Api.Etcd.Services;

/// <summary>Txn.</summary>
internal sealed class TxnCalls(ApiServices services)
{
    public async ValueTask<Wire.TxnResponse> TxnAsync(Wire.TxnRequest request, EtcdCall call)
    {
        Check(request, Bounds.MaxTxnOperations);
        if (!IsReadOnly(request))
        {
            KeyRequests.CheckSize(request.CalculateSize(), services.Options);
        }

        var answer = await services.Keys.TxnAsync(call.Caller, Of(request), call.Deadline);
        var response = Of(answer, request);
        response.Header = Answers.HeaderOf(services.Cluster, answer.Revision);
        return response;
    }

    /// <summary>Counts as the store does, which refuses the same: only so is it refused before an empty key is.</summary>
    private void Check(Wire.TxnRequest request, int maxOperations)
    {
        var longest = Math.Max(request.Compare.Count, Math.Max(request.Success.Count, request.Failure.Count));
        if (longest > maxOperations)
        {
            EtcdStatus.TooManyOps.Throw();
        }

        foreach (var compare in request.Compare)
        {
            Check(compare);
        }

        foreach (var operation in request.Success)
        {
            Check(operation, maxOperations - longest);
        }

        foreach (var operation in request.Failure)
        {
            Check(operation, maxOperations - longest);
        }
    }

    private static void Check(Wire.Compare compare)
    {
        if (compare.Key.IsEmpty)
        {
            EtcdStatus.EmptyKey.Throw();
        }

        // etcd takes an unknown one for a condition that holds, which no client can want.
        if (!Enum.IsDefined(compare.Result) || !Enum.IsDefined(compare.Target))
        {
            EtcdStatus.Wrong("raftd: a comparison is of an unknown kind").Throw();
        }
    }

    private void Check(Wire.RequestOp operation, int maxOperations)
    {
        switch (operation.RequestCase)
        {
            case Operation.RequestRange:
                KeyRequests.Check(operation.RequestRange);
                break;
            case Operation.RequestPut:
                KeyRequests.Check(operation.RequestPut);
                KeyRequests.CheckValue(operation.RequestPut, services.Options);
                break;
            case Operation.RequestDeleteRange:
                KeyRequests.Check(operation.RequestDeleteRange);
                break;
            case Operation.RequestTxn:
                Check(operation.RequestTxn, maxOperations);
                break;
            default:
                EtcdStatus.KeyNotFound.Throw();
                break;
        }
    }

    /// <summary>No entry of the log, and so not bound by its size.</summary>
    private static bool IsReadOnly(Wire.TxnRequest request) =>
        request.Success.Concat(request.Failure).All(operation => operation.RequestCase == Operation.RequestRange);

    private TxnRequest Of(Wire.TxnRequest request) => new()
    {
        Compares = [.. request.Compare.Select(Of)],
        Success = [.. request.Success.Select(Of)],
        Failure = [.. request.Failure.Select(Of)],
    };

    /// <summary>A part that is not the target's counts as none: 0, or an empty value.</summary>
    private static Compare Of(Wire.Compare compare) => new()
    {
        Key = compare.Key.Memory,
        RangeEnd = compare.RangeEnd.Memory,
        Target = (CompareTarget)compare.Target,
        Result = (CompareResult)compare.Result,
        Number = compare.Target switch
        {
            Target.Version => compare.Version,
            Target.Create => compare.CreateRevision,
            Target.Mod => compare.ModRevision,
            Target.Lease => compare.Lease,
            _ => 0,
        },
        Value = compare.Target == Target.Value ? compare.Value.Memory : default,
    };

    private TxnOperation Of(Wire.RequestOp operation) => operation.RequestCase switch
    {
        Operation.RequestRange => new TxnOperation { Range = KeyRequests.Of(operation.RequestRange, services.Options, isInTxn: true) },
        Operation.RequestPut => new TxnOperation { Put = KeyRequests.Of(operation.RequestPut) },
        Operation.RequestDeleteRange => new TxnOperation { DeleteRange = KeyRequests.Of(operation.RequestDeleteRange) },
        _ => new TxnOperation { Txn = Of(operation.RequestTxn) },
    };

    private static Wire.TxnResponse Of(TxnResponse answer, Wire.TxnRequest request)
    {
        var done = answer.Succeeded ? request.Success : request.Failure;
        var response = new Wire.TxnResponse { Succeeded = answer.Succeeded };
        response.Responses.AddRange(answer.Responses.Select((part, i) => Of(part, done[i])));
        return response;
    }

    /// <summary>Their headers say the revision alone, and those of transactions nothing.</summary>
    private static Wire.ResponseOp Of(TxnOperationResponse answer, Wire.RequestOp request)
    {
        if (answer.Range is { } range)
        {
            var response = KeyAnswers.Of(range, request.RequestRange);
            response.Header = new Wire.ResponseHeader { Revision = range.Revision };
            return new Wire.ResponseOp { ResponseRange = response };
        }

        if (answer.Put is { } put)
        {
            var response = KeyAnswers.Of(put);
            response.Header = new Wire.ResponseHeader { Revision = put.Revision };
            return new Wire.ResponseOp { ResponsePut = response };
        }

        if (answer.DeleteRange is { } deleted)
        {
            var response = KeyAnswers.Of(deleted);
            response.Header = new Wire.ResponseHeader { Revision = deleted.Revision };
            return new Wire.ResponseOp { ResponseDeleteRange = response };
        }

        var nested = Of(answer.Txn!, request.RequestTxn);
        nested.Header = new Wire.ResponseHeader();
        return new Wire.ResponseOp { ResponseTxn = nested };
    }
}
