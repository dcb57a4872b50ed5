namespace Raftd.Contract;

/// <summary>The buckets of a store.</summary>
/// <remarks>Names are valid (<see cref="BucketNames.IsName"/>): who takes them from a client has looked.</remarks>
public interface IBucketService
{
    /// <summary>The services of a bucket, the same ones as long as it is served here. One that was made through another process before
    /// this call is found.</summary>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="StoreException">NotReady: whether it is there cannot be found out now.</exception>
    ValueTask<BucketServices?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>All of them, by name.</summary>
    ValueTask<IReadOnlyList<BucketStatus>> ListAsync(Caller caller, CancellationToken cancellationToken);

    /// <returns>The bucket, and whether it was made now.</returns>
    /// <exception cref="StoreException">Conflict: there can be no more of them.</exception>
    ValueTask<(BucketStatus Bucket, bool IsNew)> AddAsync(Caller caller, string name, CancellationToken cancellationToken);

    /// <summary>Ends a bucket with all that is in it; its watches and leases end.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="name">Not the default one.</param>
    /// <param name="force">It may have keys or leases.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreException">BucketNotFound. Conflict: it is the default one, or not empty.</exception>
    ValueTask RemoveAsync(Caller caller, string name, bool force, CancellationToken cancellationToken);
}
