using Raftd.Contract;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : ILeaseService
{
    public ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken) =>
        _writes.GrantAsync(caller, request, cancellationToken);

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Leases.KeepAlive, caller, request).WaitAsync(cancellationToken));

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        _writes.RevokeAsync(caller, id, cancellationToken);

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Leases.TimeToLive, caller, id).WaitAsync(cancellationToken));

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(
        Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Leases.LeasedKeys, caller, request).WaitAsync(cancellationToken));

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Leases.Leases, caller, namePrefix).WaitAsync(cancellationToken));
}
