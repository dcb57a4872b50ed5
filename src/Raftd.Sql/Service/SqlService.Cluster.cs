using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.State.Commands;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : IClusterService, IGroupService
{
    // Kubernetes gives a probe one second.
    private static readonly TimeSpan LongestProbe = TimeSpan.FromMilliseconds(800);

    private static readonly TimeSpan LeaderPoll = TimeSpan.FromMilliseconds(20);

    public bool IsLeader => _board.State.Last.Leader == _self.Id;

    public string? LeaderUrl => FindFront(_board.State.Last.Leader) is { } leader ? $"{_options.ClientScheme}://{leader.HttpAddress}" : null;

    public Origin Origin => new(_clusterId, _self.Id, _board.State.Last.Epoch);

    public EngineLimits Limits { get; }

    /// <remarks>Never below one that this front has answered before.</remarks>
    public long Revision => _board.ToldRevision;

    public async ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        var (last, fronts) = level == ReadLevel.Stale
            ? (_board.State.Last, _upkeep.Fronts)
            : await _reads.ReadRangeAsync(static snapshot => (snapshot.Last, snapshot.Fronts()), cancellationToken);
        return new MemberListResponse
        {
            ClusterId = _clusterId,
            Leader = last.Leader,
            Members = [.. _upkeep.ListOf(fronts).OrderBy(static front => front.Label, StringComparer.Ordinal).ThenBy(static front => front.Id).Select(Describe)],
        };
    }

    /// <remarks>Ends when the row that says so is shown here; the request's time limit bounds it.</remarks>
    public async ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        var last = _board.State.Last;
        var next = to != 0 ? FindFront(to) : _upkeep.SuccessorOf(_bucket);
        if (next is null)
        {
            throw new StoreException(
                ErrorCode.NotFound, to == 0 ? "there is no other front" : $"no front has the id {to}", "GET /members lists the fronts");
        }

        _commits.Appoint(last.Epoch, next.Id);
        var begun = _time.GetTimestamp();
        while (_board.State.Last.Epoch == last.Epoch && next.Id != last.Leader)
        {
            if (_time.GetElapsedTime(begun) >= _options.Limits.RequestTimeLimit)
            {
                throw new StoreException(ErrorCode.UnknownOutcome, "the leadership has not moved in time", "GET /members shows who leads");
            }

            await Task.Delay(LeaderPoll, _time, cancellationToken);
        }

        return _board.State.Last.Leader;
    }

    public async ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        if (level == ReadLevel.Linearizable)
        {
            var last = await _reads.ReadAsync([], static snapshot => snapshot.Last, cancellationToken);
            _commits.Look();
            try
            {
                await _board.ShownAsync(last.Seq).WaitAsync(_options.Limits.RequestTimeLimit, _time, cancellationToken);
            }
            catch (TimeoutException)
            {
                throw DatabaseAnswers.Late(_options.Limits.RequestTimeLimit);
            }
        }

        return _board.State.Alarms;
    }

    public ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken) =>
        _writes.RaiseAlarmAsync(caller, kind, cancellationToken);

    public async ValueTask DisarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken)
    {
        var standing = await AlarmsAsync(caller, ReadLevel.Linearizable, cancellationToken);
        await _writes.DisarmAsync(caller, standing, kind, cancellationToken);
    }

    public MemberStatus Status()
    {
        var view = _board.View();
        var last = _board.State.Last;
        var stored = Math.Max(0, last.LogicalBytes - _board.Swept.Bytes);
        return new MemberStatus
        {
            ClusterId = _clusterId,
            MemberId = _self.Id,
            Label = _self.Label,
            HttpAddress = _self.HttpAddress,
            PeerAddress = _self.PeerAddress,
            Leader = last.Leader,
            LeaderUrl = LeaderUrl,
            Revision = last.Revision,
            KeyCount = last.KeyCount,
            StateBytes = stored,
            StateBytesInUse = stored,
            LogicalBytes = stored,
            HistoryBytes = view.HistoryBytes,
            CompactRevision = last.CompactRevision,
            QuotaBytes = _options.Limits.QuotaBytes,
            FeatureLevel = FeatureLevel.Newest,
            Alarms = AlarmNames(),
            Warnings = _board.Fence is { } fence ? [$"{fence.Message}; {fence.Hint}"] : [],
            Backups = null,
            Version = _self.Version,
        };
    }

    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<HealthCheck>>([new HealthCheck("serializable_read", null)]);

    public async ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken) =>
    [
        new HealthCheck("data_corruption", _board.Fence?.Message),
        new HealthCheck("serializable_read", _board.Fence?.Message),
        new HealthCheck("linearizable_read", await LinearizableReadAsync(cancellationToken)),
        new HealthCheck("non_learner", null),
    ];

    public GroupStatus GroupStatus()
    {
        var last = _board.State.Last;
        return new GroupStatus
        {
            Role = IsLeader ? MemberRole.Leader : MemberRole.Follower,
            Term = last.Epoch,
            CommitIndex = (ulong)last.Seq,
            AppliedIndex = (ulong)last.Seq,
            AppliedHash = last.Chain,
            LogBytes = 0,
        };
    }

    public ValueTask<JoinResponse> JoinAsync(Caller caller, JoinRequest request, CancellationToken cancellationToken) => throw NoGroup();

    public ValueTask<Member> AddMemberAsync(Caller caller, MemberAddRequest request, CancellationToken cancellationToken) => throw NoGroup();

    public ValueTask UpdateMemberAsync(Caller caller, MemberUpdateRequest request, CancellationToken cancellationToken) => throw NoGroup();

    public ValueTask RemoveMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) => throw NoGroup();

    public ValueTask PromoteMemberAsync(Caller caller, ulong id, CancellationToken cancellationToken) => throw NoGroup();

    private static StoreException NoGroup() => new(
        ErrorCode.Conflict, "fronts over a database are no group that members join or leave", "start or stop a front: nothing else is needed");

    private static Member Describe(FrontRow front) => new()
    {
        Id = front.Id,
        Label = front.Label,
        HttpAddress = front.HttpAddress,
        PeerAddress = front.PeerAddress,
        IsLearner = false,
    };

    private FrontRow? FindFront(ulong id) => _upkeep.Fronts.FirstOrDefault(front => front.Id == id);

    private string[] AlarmNames() =>
    [
        .. _board.State.Alarms.Any(static alarm => alarm.Kind == AlarmKind.NoSpace) ? ["NOSPACE"] : (string[])[],
        .. _board.State.Alarms.Where(static alarm => alarm.Kind == AlarmKind.Corrupt).Select(static alarm => $"CORRUPT:{alarm.MemberId}"),
        .. _board.Fence is null ? (string[])[] : ["FENCED"],
    ];

    /// <summary>A probe wants its answer at once: where none can come, it does not wait.</summary>
    private async Task<string?> LinearizableReadAsync(CancellationToken cancellationToken)
    {
        var limit = _options.Limits.RequestTimeLimit < LongestProbe ? _options.Limits.RequestTimeLimit : LongestProbe;
        try
        {
            await _reads.ReadAsync([], static snapshot => snapshot.Last, cancellationToken).AsTask().WaitAsync(limit, _time, cancellationToken);
            return null;
        }
        catch (StoreException failure)
        {
            return failure.Message;
        }
        catch (TimeoutException)
        {
            return $"the database did not answer within {limit.TotalMilliseconds:0} ms";
        }
    }
}
