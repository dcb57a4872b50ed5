// Transactions. The checks come in etcd's order, branches that will not be taken included: the lengths of the lists and the
// keys of the conditions, then the operations of success, then of failure, depth first. Keys that are put twice are found
// by the store.

using Raftd.Api.Etcd.Codecs;
using Raftd.Contract;

namespace Raftd.Api.Etcd.Services;

/// <summary>Txn.</summary>
internal sealed class TxnCalls(ApiServices services)
{
    public async ValueTask<TxnAnswer> TxnAsync(ReadOnlyMemory<byte> message, EtcdCall call)
    {
        var request = new TxnReader(services.Options.MaxAnswersInFlightBytes).Read(new ProtoReader(message));
        Check(request, Bounds.MaxTxnOperations, call);
        if (!IsReadOnly(request))
        {
            KeyRequests.CheckSize(message.Length, services.Options);
        }

        var answer = await call.Keyspace.Keys.TxnAsync(call.Caller, request, call.Deadline);
        return new TxnAnswer(call.HeaderOf(answer.Revision), answer);
    }

    /// <summary>Counts as the store does, which refuses the same: only so is it refused before an empty key is.</summary>
    private void Check(TxnRequest request, int maxOperations, EtcdCall call)
    {
        var longest = Math.Max(request.Compares.Count, Math.Max(request.Success.Count, request.Failure.Count));
        if (longest > maxOperations)
        {
            EtcdStatus.TooManyOps.Throw();
        }

        foreach (var compare in request.Compares)
        {
            Check(compare);
        }

        foreach (var operation in request.Success)
        {
            Check(operation, maxOperations - longest, call);
        }

        foreach (var operation in request.Failure)
        {
            Check(operation, maxOperations - longest, call);
        }
    }

    private static void Check(Compare compare)
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

    private void Check(TxnOperation operation, int maxOperations, EtcdCall call)
    {
        switch (operation)
        {
            case { Range: { } range }:
                KeyRequests.Check(range);
                break;
            case { Put: { } put }:
                KeyRequests.Check(put);
                KeyRequests.CheckLimits(put, call, services.Options);
                break;
            case { DeleteRange: { } deletion }:
                KeyRequests.Check(deletion);
                break;
            case { Txn: { } nested }:
                Check(nested, maxOperations, call);
                break;
            default:
                EtcdStatus.KeyNotFound.Throw();
                break;
        }
    }

    /// <summary>No entry of the log, and so not bound by its size.</summary>
    private static bool IsReadOnly(TxnRequest request) =>
        request.Success.All(operation => operation.Range is not null) && request.Failure.All(operation => operation.Range is not null);
}
