using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Membership of one member, which a test makes leader or follower.</summary>
internal sealed class InMemoryCluster(InMemoryStore store, ulong clusterId = 1) : IClusterService, IGroupService
{
    private const ulong Self = 11_111_111_111_111_111_111;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, ulong> _instances = new(StringComparer.Ordinal);
    private readonly SortedSet<Alarm> _alarms = [];
    private readonly List<Member> _members = [NewMember(Self, "node01", "127.0.0.1:8001", "127.0.0.1:8101", false)];
    private ulong _lastId = Self;

    public bool IsLeader { get; set; } = true;

    public string? LeaderUrl { get; set; } = "http://127.0.0.1:8001";

    public EngineLimits Limits { get; set; } = new() { MaxValueBytes = (int)Bounds.MaxValueBytes.Most };

    public long Revision => store.Revision;

    public Origin Origin => new(clusterId, Self, 3);

    public string? ReadinessFailure { get; set; }

    /// <summary>Thrown by Status while it is set: a failure that no table knows.</summary>
    public Exception? StatusBug { get; set; }

    /// <summary>Of each member that was added by its peer address, whether it is to stay a learner.</summary>
    public List<bool> StayingLearners { get; } = [];

    public ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            if (request.FeatureLevel < 1)
            {
                throw new StoreException(ErrorCode.LevelTooLow, $"{request.Label} knows {request.FeatureLevel}", "start a newer build");
            }

            if (_instances.TryGetValue(request.Label, out var instance) && instance != request.Instance)
            {
                throw new StoreException(ErrorCode.Conflict, $"{request.Label} is known with another directory", "remove it first");
            }

            if (_members.Find(member => member.Label == request.Label) is not { } joined)
            {
                joined = NewMember(++_lastId, request.Label, request.HttpAddress, request.PeerAddress, true);
                _members.Add(joined);
                _instances[request.Label] = request.Instance;
            }

            return ValueTask.FromResult(new JoinResponse
            {
                ClusterId = clusterId,
                MemberId = joined.Id,
                Generator = request.Generator ?? _members.Count,
                Members = [.. _members],
            });
        }
    }

    public ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            return ValueTask.FromResult(
                new MemberListResponse { ClusterId = clusterId, Leader = Self, Members = [.. _members.OrderBy(m => m.Label, StringComparer.Ordinal)] });
        }
    }

    public ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            RequireFree(request.PeerAddress);
            var added = NewMember(++_lastId, "", "", request.PeerAddress, true);
            _members.Add(added);
            StayingLearners.Add(request.StaysLearner);
            return ValueTask.FromResult(added);
        }
    }

    public ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var member = Find(request.Id);
            RequireFree(request.PeerAddress);
            _members[_members.IndexOf(member)] = member with { PeerAddress = request.PeerAddress };
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            _members.Remove(Find(id));
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var member = Find(id);
            if (!member.IsLearner)
            {
                throw new StoreException(ErrorCode.Conflict, $"{member.Label} votes already");
            }

            _members[_members.IndexOf(member)] = member with { IsLearner = false };
            return ValueTask.CompletedTask;
        }
    }

    public ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            return ValueTask.FromResult(to == 0 ? Self : Find(to).Id);
        }
    }

    public ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        Enter();
        return ValueTask.FromResult<IReadOnlyList<Alarm>>([.. _alarms]);
    }

    public ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken)
    {
        Enter();
        _alarms.Add(new Alarm(kind, AlarmCause.Operator, MemberId: 0));
        store.RefusesWrites = _alarms.Any(static alarm => alarm.RefusesWrites);
        return ValueTask.CompletedTask;
    }

    public ValueTask DisarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken)
    {
        Enter();
        _alarms.RemoveWhere(alarm => alarm.Kind == kind);
        store.RefusesWrites = _alarms.Any(static alarm => alarm.RefusesWrites);
        return ValueTask.CompletedTask;
    }

    public MemberStatus Status() => StatusBug is not null ? throw StatusBug : new()
    {
        ClusterId = clusterId,
        MemberId = Self,
        Label = "node01",
        HttpAddress = "127.0.0.1:8001",
        PeerAddress = "127.0.0.1:8101",
        Leader = LeaderUrl is null ? 0 : Self,
        LeaderUrl = LeaderUrl,
        Revision = store.Revision,
        KeyCount = store.KeyCount,
        StateBytes = 1,
        StateBytesInUse = 1,
        LogicalBytes = 1,
        QuotaBytes = 8L << 30,
        FeatureLevel = 1,
        HistoryBytes = 0,
        CompactRevision = 0,
        Alarms = [],
        Warnings = [],
        Backups = null,
        Version = "0.1.0",
    };

    public GroupStatus GroupStatus() => new()
    {
        Role = IsLeader ? MemberRole.Leader : MemberRole.Follower,
        Term = 3,
        CommitIndex = (ulong)store.Revision,
        AppliedIndex = (ulong)store.Revision,
        AppliedHash = 0xABC,
        LogBytes = 1,
    };

    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<HealthCheck>>([new("serializable_read", null)]);

    public ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<HealthCheck>>(
            [new("data_corruption", null), new("linearizable_read", ReadinessFailure)]);

    private static Member NewMember(ulong id, string label, string http, string peer, bool isLearner) =>
        new() { Id = id, Label = label, HttpAddress = http, PeerAddress = peer, IsLearner = isLearner };

    private void Enter()
    {
        if (store.Failure is { } failure)
        {
            throw failure;
        }
    }

    private void RequireFree(string peerAddress)
    {
        if (_members.Exists(member => member.PeerAddress == peerAddress))
        {
            throw new StoreException(ErrorCode.AddressTaken, $"{peerAddress} is taken");
        }
    }

    private Member Find(ulong id) => _members.Find(member => member.Id == id)
        ?? throw new StoreException(ErrorCode.NotFound, $"there is no member {id}");
}
