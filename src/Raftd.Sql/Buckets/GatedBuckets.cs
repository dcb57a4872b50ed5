using Raftd.Contract;
using Raftd.State.Rights;

namespace Raftd.Sql.Buckets;

/// <summary>The buckets with their callers checked, once the front runs; not_ready before that and behind it.</summary>
/// <param name="running">Null while it does not.</param>
internal sealed class GatedBuckets(Func<SqlBuckets?> running) : IBucketService
{
    private SqlBuckets Running => running()
        ?? throw new StoreException(ErrorCode.NotReady, "this front is starting or shutting down", "try again in a moment, or ask another front");

    public ValueTask<BucketServices?> FindAsync(string name, CancellationToken cancellationToken) => Running.FindAsync(name, cancellationToken);

    public ValueTask<IReadOnlyList<BucketStatus>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return Running.ListAsync(caller, cancellationToken);
    }

    public ValueTask<(BucketStatus Bucket, bool IsNew)> AddAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return Running.AddAsync(caller, name, cancellationToken);
    }

    public ValueTask RemoveAsync(Caller caller, string name, bool force, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return Running.RemoveAsync(caller, name, force, cancellationToken);
    }
}
