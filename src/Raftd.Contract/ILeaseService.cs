namespace Raftd.Contract;

/// <summary>Leases. An unknown or expired id is a StoreException with NotFound, from the applied state.</summary>
public interface ILeaseService
{
    ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken);

    ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken);

    ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken);

    ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken);

    ValueTask<LeasedKeysResponse> LeasedKeysAsync(Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken);

    /// <summary>Leases whose name starts with the prefix; hidden leases of keys are not among them.</summary>
    ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken);
}
