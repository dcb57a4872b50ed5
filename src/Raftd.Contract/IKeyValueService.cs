namespace Raftd.Contract;

/// <summary>The keyspace. Every call ends within the server's request time limit, with an answer or a StoreException; and at
/// once with an OperationCanceledException when its token is cancelled. Then a change may take effect all the same.</summary>
/// <remarks>
/// Byte memory in a request must stay unchanged until the call has ended, and is not touched behind its end, however it ended:
/// it may be a connection's buffer. Byte memory in an answer is its reader's for as long as it likes.
/// </remarks>
public interface IKeyValueService
{
    ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken);

    ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken);

    ValueTask<DeleteRangeResponse> DeleteRangeAsync(Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken);

    /// <summary>Does all of one list of operations, or nothing. A transaction that only reads on its first level is no entry:
    /// it is answered as a range, stale if all its ranges are.</summary>
    /// <exception cref="StoreException">TooManyOperations, DuplicateKey: see <see cref="ErrorCode"/>; nothing was done.</exception>
    ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken);

    /// <summary>Gives up history below a revision, which itself stays readable.</summary>
    /// <exception cref="StoreException">Compacted: history is gone that far already. FutureRevision: there is no such
    /// revision yet.</exception>
    ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken);

    /// <returns>The newest version, newer than asked for; an empty answer if that change is the key's deletion; null
    /// when the time was up. The wait's own limit replaces the request time limit.</returns>
    ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken);
}
