using Raftd.Contract;

namespace Raftd.Node.Service;

/// <summary>The services as the API sees them: the running member's, or not_ready with the reason.</summary>
internal sealed class ServiceGate(NodeOptions options) : IKeyValueService, ILeaseService, IClusterService
{
    private volatile NodeService? _service;
    private volatile string _reason = "this member is starting";

    private NodeService Running => _service
        ?? throw new StoreException(ErrorCode.NotReady, _reason, "try again in a moment, or ask another member");

    public bool IsLeader => _service?.IsLeader ?? false;

    public string? LeaderUrl => _service?.LeaderUrl;

    public long Revision => _service?.Revision ?? 0;

    public void Open(NodeService service) => _service = service;

    public void Close(string reason)
    {
        _reason = reason;
        _service = null;
    }

    public ValueTask<RangeResponse> RangeAsync(RangeRequest request, CancellationToken cancellationToken) =>
        Running.RangeAsync(request, cancellationToken);

    public ValueTask<PutResponse> PutAsync(PutRequest request, CancellationToken cancellationToken) =>
        Running.PutAsync(request, cancellationToken);

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(DeleteRangeRequest request, CancellationToken cancellationToken) =>
        Running.DeleteRangeAsync(request, cancellationToken);

    public ValueTask<RangeResponse?> WaitAsync(WaitRequest request, CancellationToken cancellationToken) =>
        Running.WaitAsync(request, cancellationToken);

    public ValueTask<LeaseGrantResponse> GrantAsync(LeaseGrantRequest request, CancellationToken cancellationToken) =>
        Running.GrantAsync(request, cancellationToken);

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        LeaseKeepAliveRequest request, CancellationToken cancellationToken) => Running.KeepAliveAsync(request, cancellationToken);

    public ValueTask<LeaseRevokeResponse> RevokeAsync(long id, CancellationToken cancellationToken) =>
        Running.RevokeAsync(id, cancellationToken);

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(long id, CancellationToken cancellationToken) =>
        Running.TimeToLiveAsync(id, cancellationToken);

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(LeasedKeysRequest request, CancellationToken cancellationToken) =>
        Running.LeasedKeysAsync(request, cancellationToken);

    public ValueTask<LeaseListResponse> LeasesAsync(string namePrefix, CancellationToken cancellationToken) =>
        Running.LeasesAsync(namePrefix, cancellationToken);

    public ValueTask<CompactResponse> CompactAsync(CompactRequest request, CancellationToken cancellationToken) =>
        Running.CompactAsync(request, cancellationToken);

    public ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(ReadLevel level, CancellationToken cancellationToken) =>
        Running.AlarmsAsync(level, cancellationToken);

    public ValueTask RaiseAlarmAsync(AlarmKind kind, CancellationToken cancellationToken) =>
        Running.RaiseAlarmAsync(kind, cancellationToken);

    public ValueTask DisarmAsync(AlarmKind kind, CancellationToken cancellationToken) =>
        Running.DisarmAsync(kind, cancellationToken);

    public ValueTask<JoinResponse> JoinAsync(JoinRequest request, CancellationToken cancellationToken) =>
        Running.JoinAsync(request, cancellationToken);

    public ValueTask<MemberListResponse> MembersAsync(ReadLevel level, CancellationToken cancellationToken) =>
        Running.MembersAsync(level, cancellationToken);

    public ValueTask RemoveMemberAsync(ulong id, CancellationToken cancellationToken) =>
        Running.RemoveMemberAsync(id, cancellationToken);

    public ValueTask PromoteMemberAsync(ulong id, CancellationToken cancellationToken) =>
        Running.PromoteMemberAsync(id, cancellationToken);

    public ValueTask<ulong> TransferLeadershipAsync(ulong to, CancellationToken cancellationToken) =>
        Running.TransferLeadershipAsync(to, cancellationToken);

    /// <summary>Also before it runs: an operator looks here first.</summary>
    public MemberStatus Status() => _service is { } service ? service.Status() : NotRunning();

    /// <summary>A member that joins or stops works, as a process: it is not ready, but alive.</summary>
    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        _service is { } service
            ? service.LivenessAsync(cancellationToken)
            : ValueTask.FromResult<IReadOnlyList<HealthCheck>>([]);

    public ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken) =>
        _service is { } service
            ? service.ReadinessAsync(cancellationToken)
            : ValueTask.FromResult<IReadOnlyList<HealthCheck>>([new HealthCheck("started", _reason)]);

    private MemberStatus NotRunning() => new()
    {
        ClusterId = 0,
        MemberId = 0,
        Label = options.Label,
        HttpAddress = options.AdvertisedHttpAddress,
        PeerAddress = options.AdvertisedPeerAddress,
        Role = MemberRole.Learner,
        Term = 0,
        Leader = 0,
        LeaderUrl = null,
        CommitIndex = 0,
        AppliedIndex = 0,
        AppliedHash = 0,
        Revision = 0,
        KeyCount = 0,
        StateBytes = 0,
        StateBytesInUse = 0,
        LogBytes = 0,
        LogicalBytes = 0,
        HistoryBytes = 0,
        CompactRevision = 0,
        QuotaBytes = options.QuotaBytes,
        FeatureLevel = 0,
        Alarms = [],
        Warnings = [],
        Version = options.Version,
    };
}
