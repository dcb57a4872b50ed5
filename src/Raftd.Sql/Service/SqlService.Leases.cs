using Raftd.Contract;
using Raftd.Peers.Forwarding;
using Raftd.State.Leading;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : ILeaseService
{
    // A leader that stands still is heard no more after half of it; a lease may have two seconds.
    private static readonly TimeSpan RenewalPatience = TimeSpan.FromSeconds(1);

    public ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken) =>
        _writes.GrantAsync(caller, request, cancellationToken);

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        _writes.RevokeAsync(caller, id, cancellationToken);

    /// <remarks>The leader renews without a row. Where it does not answer, the renewal goes through the log: the leader finds it there, and
    /// it voids every expiry before it. So leases are renewed through any front, also through one that the leader cannot be reached
    /// from.</remarks>
    public async ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        try
        {
            return await RenewAtLeaderAsync(caller, request).WaitAsync(cancellationToken);
        }
        catch (NotLeaderException)
        {
            return await _leases.RenewThroughLogAsync(caller, request).WaitAsync(cancellationToken);
        }
    }

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        AskLeaderAsync(_peers.Calls.TimeToLive, caller, id, cancellationToken);

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(
        Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken) =>
        AskLeaderAsync(_peers.Calls.LeasedKeys, caller, request, cancellationToken);

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken) =>
        AskLeaderAsync(_peers.Calls.Leases, caller, namePrefix, cancellationToken);

    /// <exception cref="NotLeaderException">Not done, or it may be done again: a renewal without data is the same twice.</exception>
    private async Task<LeaseKeepAliveResponse> RenewAtLeaderAsync(Caller caller, LeaseKeepAliveRequest request)
    {
        if (IsLeader)
        {
            return await _leases.KeepAliveAsync(caller, request);
        }

        if (!_peers.IsLeaderHeard)
        {
            throw new NotLeaderException("the leading front is not heard");
        }

        try
        {
            var asked = CallLeaderAsync(_peers.Calls.KeepAlive, caller, request);
            return request.Data is null ? await asked.WaitAsync(RenewalPatience, _time) : await asked;
        }
        catch (TimeoutException)
        {
            throw new NotLeaderException("the leading front does not answer");
        }
        catch (StoreException lost) when (lost.Code == ErrorCode.NoLeader || (lost.Code == ErrorCode.UnknownOutcome && request.Data is null))
        {
            throw new NotLeaderException(lost.Message);
        }
    }

    private async ValueTask<TResponse> AskLeaderAsync<TRequest, TResponse>(
        LeaderCall<TRequest, TResponse> call, Caller caller, TRequest request, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        if (!IsLeader && !_peers.IsLeaderListening)
        {
            throw NoAnswer("it has no address for other fronts");
        }

        try
        {
            return await CallLeaderAsync(call, caller, request).WaitAsync(cancellationToken);
        }
        catch (StoreException refusal) when (refusal.Code == ErrorCode.NoLeader)
        {
            throw NoAnswer(refusal.Message);
        }
    }

    private async Task<TResponse> CallLeaderAsync<TRequest, TResponse>(
        LeaderCall<TRequest, TResponse> call, Caller caller, TRequest request) => await _peers.Router.CallAsync(call, caller, request);

    private StoreException NoAnswer(string reason) => new(
        ErrorCode.NoLeader,
        $"the times of leases are known to the leading front alone: {reason}",
        LeaderUrl is { } url ? $"ask the front at {url}" : "try again: a front takes the lead within seconds",
        LeaderUrl);
}
