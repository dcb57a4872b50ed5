using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leases;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : ILeaseService
{
    // A clash of two drawn ids needs two members with one generator number; a third draw never happens.
    private const int MaxDraws = 3;

    public async ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken)
    {
        var draws = request.Id == 0 ? MaxDraws : 1;
        while (true)
        {
            var id = request.Id == 0 ? _ids.Next() : request.Id;
            var command = CommandsOf(caller).LeaseGrant(
                id, request.Name, LeaseRules.GrantedSeconds(request.TtlSeconds, request.Kind), request.Unique, request.Kind);
            var result = await _router.ProposeAsync(command).WaitAsync(cancellationToken);
            if (result is ErrorResult { Error: ApplyError.LeaseExists } && --draws > 0)
            {
                continue;
            }

            var granted = Expect<LeaseGrantResult>(result);
            return new LeaseGrantResponse { Revision = granted.Revision, Id = granted.Id, TtlSeconds = granted.TtlSeconds };
        }
    }

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.KeepAlive, caller, request).WaitAsync(cancellationToken));

    public async ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        var result = await ProposeAsync<LeaseRevokeResult>(CommandsOf(caller).LeaseRevoke(id), cancellationToken);
        return new LeaseRevokeResponse { Revision = result.Revision };
    }

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.TimeToLive, caller, id).WaitAsync(cancellationToken));

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(
        Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.LeasedKeys, caller, request).WaitAsync(cancellationToken));

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.Leases, caller, namePrefix).WaitAsync(cancellationToken));
}
