namespace Raftd.Contract;

/// <summary>Leases. An unknown or expired id is a StoreException with NotFound, from the applied state.</summary>
public interface ILeaseService
{
    ValueTask<LeaseGrantResponse> GrantAsync(LeaseGrantRequest request, CancellationToken cancellationToken);

    ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(LeaseKeepAliveRequest request, CancellationToken cancellationToken);

    ValueTask<LeaseRevokeResponse> RevokeAsync(long id, CancellationToken cancellationToken);

    ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(long id, CancellationToken cancellationToken);

    ValueTask<LeasedKeysResponse> LeasedKeysAsync(LeasedKeysRequest request, CancellationToken cancellationToken);

    /// <summary>Leases whose name starts with the prefix; hidden leases of keys are not among them.</summary>
    ValueTask<LeaseListResponse> LeasesAsync(string namePrefix, CancellationToken cancellationToken);
}
