namespace Raftd.Contract;

/// <summary>The keyspace. Every call ends within the server's request time limit, with an answer or a StoreException.</summary>
/// <remarks>
/// Byte memory in a request must stay unchanged until the call has ended; byte memory in an answer is the caller's to
/// read for as long as it likes.
/// </remarks>
public interface IKeyValueService
{
    ValueTask<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken);

    ValueTask<PutResponse> PutAsync(PutRequest request, CancellationToken cancellationToken);

    ValueTask<DeleteRangeResponse> DeleteRangeAsync(DeleteRangeRequest request, CancellationToken cancellationToken);

    /// <summary>Gives up history below a revision, which itself stays readable.</summary>
    /// <exception cref="StoreException">Compacted: history is gone that far already. BadRequest: the revision is in the
    /// future.</exception>
    ValueTask<CompactResponse> CompactAsync(CompactRequest request, CancellationToken cancellationToken);

    /// <returns>The newest version, newer than asked for; an empty answer if that change is the key's deletion; null
    /// when the time was up. The wait's own limit replaces the request time limit.</returns>
    ValueTask<RangeResponse?> WaitAsync(WaitRequest request, CancellationToken cancellationToken);
}
