using Raftd.Contract;

namespace Raftd.State.Rights;

/// <summary>The services as the API sees them: the running engine's, or not_ready with the reason.</summary>
/// <param name="outside">What the status says before it runs.</param>
/// <param name="limits">The engine's, running or not.</param>
internal sealed class ServiceGate(MemberStatus outside, EngineLimits limits) : IEngineService
{
    private volatile IEngineService? _service;
    private volatile string _reason = "this member is starting";

    private IEngineService Running => _service
        ?? throw new StoreException(ErrorCode.NotReady, _reason, "try again in a moment, or ask another member");

    public bool IsLeader => _service?.IsLeader ?? false;

    public string? LeaderUrl => _service?.LeaderUrl;

    public EngineLimits Limits { get; } = limits;

    public Origin Origin => _service?.Origin ?? default;

    public long Revision => _service?.Revision ?? 0;

    public void Open(IEngineService service) => _service = service;

    public void Close(string reason)
    {
        _reason = reason;
        _service = null;
    }

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken) =>
        Running.RangeAsync(caller, request, cancellationToken);

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken) =>
        Running.PutAsync(caller, request, cancellationToken);

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) =>
        Running.DeleteRangeAsync(caller, request, cancellationToken);

    public ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken) =>
        Running.TxnAsync(caller, request, cancellationToken);

    public ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken) =>
        Running.KeysAsync(caller, request, cancellationToken);

    public ValueTask<VersionPage> VersionsAsync(Caller caller, VersionPageRequest request, CancellationToken cancellationToken) =>
        Running.VersionsAsync(caller, request, cancellationToken);

    public IWatchSession OpenWatches(Caller caller) => Running.OpenWatches(caller);

    public ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken) =>
        Running.WaitAsync(caller, request, cancellationToken);

    public ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken) =>
        Running.GrantAsync(caller, request, cancellationToken);

    public ValueTask<LeaseKeepAliveResponse> KeepAliveAsync(
        Caller caller, LeaseKeepAliveRequest request, CancellationToken cancellationToken) => Running.KeepAliveAsync(caller, request, cancellationToken);

    public ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        Running.RevokeAsync(caller, id, cancellationToken);

    public ValueTask<LeaseTimeToLiveResponse> TimeToLiveAsync(Caller caller, long id, CancellationToken cancellationToken) =>
        Running.TimeToLiveAsync(caller, id, cancellationToken);

    public ValueTask<LeasedKeysResponse> LeasedKeysAsync(Caller caller, LeasedKeysRequest request, CancellationToken cancellationToken) =>
        Running.LeasedKeysAsync(caller, request, cancellationToken);

    public ValueTask<LeaseListResponse> LeasesAsync(Caller caller, string namePrefix, CancellationToken cancellationToken) =>
        Running.LeasesAsync(caller, namePrefix, cancellationToken);

    public ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken) =>
        Running.CompactAsync(caller, request, cancellationToken);

    public ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken) =>
        Running.AlarmsAsync(caller, level, cancellationToken);

    public ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken) =>
        Running.RaiseAlarmAsync(caller, kind, cancellationToken);

    public ValueTask DisarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken) =>
        Running.DisarmAsync(caller, kind, cancellationToken);

    public ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken) =>
        Running.JoinAsync(caller, request, cancellationToken);

    public ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken) =>
        Running.MembersAsync(caller, level, cancellationToken);

    public ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken) =>
        Running.AddMemberAsync(caller, request, cancellationToken);

    public ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken) =>
        Running.UpdateMemberAsync(caller, request, cancellationToken);

    public ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) =>
        Running.RemoveMemberAsync(caller, id, cancellationToken);

    public ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) =>
        Running.PromoteMemberAsync(caller, id, cancellationToken);

    public ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken) =>
        Running.TransferLeadershipAsync(caller, to, cancellationToken);

    public ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken) =>
        Running.HashHistoryAsync(caller, revision, cancellationToken);

    public ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken) =>
        Running.HashStoredAsync(caller, cancellationToken);

    public ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken) =>
        Running.OpenBackupAsync(caller, cancellationToken);

    public ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken) =>
        Running.DefragmentAsync(caller, cancellationToken);

    /// <summary>Also before it runs: an operator looks here first.</summary>
    public MemberStatus Status() => _service is { } service ? service.Status() : outside;

    public GroupStatus GroupStatus() => _service is { } service ? service.GroupStatus() : Outside;

    /// <summary>A member that joins or stops works, as a process: it is not ready, but alive.</summary>
    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        _service is { } service
            ? service.LivenessAsync(cancellationToken)
            : ValueTask.FromResult<IReadOnlyList<HealthCheck>>([]);

    public ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken) =>
        _service is { } service
            ? service.ReadinessAsync(cancellationToken)
            : ValueTask.FromResult<IReadOnlyList<HealthCheck>>([new HealthCheck("started", _reason)]);

    /// <summary>The status of a member that knows nothing but what it was started with.</summary>
    public static MemberStatus StatusOutside(string label, string httpAddress, string peerAddress, long quotaBytes, string version) => new()
    {
        ClusterId = 0,
        MemberId = 0,
        Label = label,
        HttpAddress = httpAddress,
        PeerAddress = peerAddress,
        Leader = 0,
        LeaderUrl = null,
        Revision = 0,
        KeyCount = 0,
        StateBytes = 0,
        StateBytesInUse = 0,
        LogicalBytes = 0,
        HistoryBytes = 0,
        CompactRevision = 0,
        QuotaBytes = quotaBytes,
        FeatureLevel = 0,
        Alarms = [],
        Warnings = [],
        Backups = null,
        Version = version,
    };

    private static GroupStatus Outside { get; } = new()
    {
        Role = MemberRole.Learner,
        Term = 0,
        CommitIndex = 0,
        AppliedIndex = 0,
        AppliedHash = 0,
        LogBytes = 0,
    };
}
