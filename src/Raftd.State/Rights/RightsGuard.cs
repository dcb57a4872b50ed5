using Raftd.Contract;

namespace Raftd.State.Rights;

/// <summary>The contract with its callers checked: what the faces ask, of any engine.</summary>
public sealed class RightsGuard(
    IKeyValueService keys, ILeaseService leases, IClusterService cluster, IWatchService watches, IMaintenanceService maintenance,
    IListService lists)
    : IKeyValueService, ILeaseService, IClusterService, IWatchService, IMaintenanceService, IListService
{
    public EngineLimits Limits => cluster.Limits;

    public long Revision => cluster.Revision;

    public Origin Origin => cluster.Origin;

    public bool IsLeader => cluster.IsLeader;

    public string? LeaderUrl => cluster.LeaderUrl;

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.RangeAsync(caller, request, cancellationToken);
    }

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.PutAsync(caller, request, cancellationToken);
    }

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.DeleteRangeAsync(caller, request, cancellationToken);
    }

    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.TxnAsync(caller, request, cancellationToken);
    }

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.CompactAsync(caller, request, cancellationToken);
    }

    public ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return keys.WaitAsync(caller, request, cancellationToken);
    }

    public ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return lists.KeysAsync(caller, request, cancellationToken);
    }

    public ValueTask<VersionPage> VersionsAsync(Caller caller, VersionPageRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return lists.VersionsAsync(caller, request, cancellationToken);
    }

    public IWatchSession OpenWatches(Caller caller)
    {
        AccessRules.Require(caller);
        return watches.OpenWatches(caller);
    }

    public ValueTask<LeaseGrantResponse> GrantAsync(
        Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.GrantAsync(caller, request, cancellationToken);
    }

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.KeepAliveAsync(caller, request, cancellationToken);
    }

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.RevokeAsync(caller, id, cancellationToken);
    }

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.TimeToLiveAsync(caller, id, cancellationToken);
    }

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(
        Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.LeasedKeysAsync(caller, request, cancellationToken);
    }

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return leases.LeasesAsync(caller, namePrefix, cancellationToken);
    }

    public ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return cluster.MembersAsync(caller, level, cancellationToken);
    }

    public ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return cluster.TransferLeadershipAsync(caller, to, cancellationToken);
    }

    public ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return cluster.AlarmsAsync(caller, level, cancellationToken);
    }

    public ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return cluster.RaiseAlarmAsync(caller, kind, cancellationToken);
    }

    public ValueTask DisarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return cluster.DisarmAsync(caller, kind, cancellationToken);
    }

    public ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return maintenance.HashHistoryAsync(caller, revision, cancellationToken);
    }

    public ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return maintenance.HashStoredAsync(caller, cancellationToken);
    }

    public ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return maintenance.OpenBackupAsync(caller, cancellationToken);
    }

    public ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken)
    {
        AccessRules.Require(caller);
        return maintenance.DefragmentAsync(caller, cancellationToken);
    }

    public MemberStatus Status() => cluster.Status();

    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        cluster.LivenessAsync(cancellationToken);

    public ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken) =>
        cluster.ReadinessAsync(cancellationToken);
}
