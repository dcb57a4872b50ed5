using Raftd.Contract;
using Raftd.State.Leading;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : ILeaseService
{
    public ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken) =>
        _writes.GrantAsync(caller, request, cancellationToken);

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        _writes.RevokeAsync(caller, id, cancellationToken);

    /// <remarks>Where this front does not lead, the renewal goes through the log: the leader finds it there, and it voids every expiry
    /// before it. So leases are renewed through any front, also through one that the leader cannot be reached from.</remarks>
    public async ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        try
        {
            return await _leases.KeepAliveAsync(caller, request).AsTask().WaitAsync(cancellationToken);
        }
        catch (NotLeaderException)
        {
            return await _leases.RenewThroughLogAsync(caller, request).WaitAsync(cancellationToken);
        }
    }

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        AsLeaderAsync(() => _leases.TimeToLiveAsync(id), cancellationToken);

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(
        Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken) =>
        AsLeaderAsync(() => _leases.LeasedKeysAsync(request), cancellationToken);

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken) =>
        AsLeaderAsync(() => _leases.LeasesAsync(namePrefix), cancellationToken);

    private async ValueTask<T> AsLeaderAsync<T>(Func<ValueTask<T>> call, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        try
        {
            return await call().AsTask().WaitAsync(cancellationToken);
        }
        catch (NotLeaderException elsewhere)
        {
            throw new StoreException(
                ErrorCode.NoLeader,
                $"the times of leases are known to the leading front alone: {elsewhere.Message}",
                LeaderUrl is { } url ? $"ask the front at {url}" : "try again: a front takes the lead within seconds",
                LeaderUrl);
        }
    }
}
