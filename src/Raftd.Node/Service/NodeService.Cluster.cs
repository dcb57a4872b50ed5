using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.State.Commands;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IClusterService
{
    // Kubernetes gives a probe one second.
    private static readonly TimeSpan LongestProbe = TimeSpan.FromMilliseconds(800);

    public bool IsLeader => _replica.Status.IsLeader;

    public string? LeaderUrl => UrlOf(_replica.Status);

    public Origin Origin => new(_self.ClusterId, _self.MemberId, _replica.Status.Term);

    public EngineLimits Limits { get; }

    public long Revision => _state.View().Revision;

    public async ValueTask<MemberListResponse> MembersAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        await BarrierAsync(level, cancellationToken);
        var status = _replica.Status;
        return new MemberListResponse
        {
            ClusterId = _self.ClusterId,
            Leader = status.Leader.Value,
            Members =
            [
                .. status.CommittedMembers.Members
                    .OrderBy(member => member.Label, StringComparer.Ordinal)
                    .ThenBy(member => member.Id)
                    .Select(member => MembershipKeeper.Describe(status.CommittedConfiguration, member)),
            ],
        };
    }

    public ValueTask<ulong> TransferLeadershipAsync(Caller caller, ulong to, CancellationToken cancellationToken) =>
        new(_router.CallAsync(_calls.TransferLeadership, caller, to).WaitAsync(cancellationToken));

    public async ValueTask<IReadOnlyList<Alarm>> AlarmsAsync(Caller caller, ReadLevel level, CancellationToken cancellationToken)
    {
        await BarrierAsync(level, cancellationToken);
        return _state.View().Alarms;
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
        var status = _replica.Status;
        var view = _state.View();
        var stored = _state.StoredSize();
        var backups = _schedule?.Status;
        return new MemberStatus
        {
            ClusterId = _self.ClusterId,
            MemberId = _self.MemberId,
            Label = _self.Label,
            HttpAddress = _options.AdvertisedHttpAddress,
            PeerAddress = _options.AdvertisedPeerAddress,
            Leader = status.Leader.Value,
            LeaderUrl = UrlOf(status),
            Revision = view.Revision,
            KeyCount = view.KeyCount,
            StateBytes = stored.Bytes,
            StateBytesInUse = stored.InUse,
            LogicalBytes = view.LogicalBytes,
            HistoryBytes = view.HistoryBytes,
            CompactRevision = view.CompactRevision,
            QuotaBytes = _options.QuotaBytes,
            FeatureLevel = view.FeatureLevel,
            Alarms = AlarmsOf(status),
            Warnings = [.. WarningsOf(status), .. WarningsOf(backups)],
            Backups = backups,
            Version = _options.Version,
        };
    }

    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<HealthCheck>>([StaleRead(refusal: null)]);

    public async ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken)
    {
        var status = _replica.Status;
        return
        [
            new HealthCheck("data_corruption", CorruptionOf(status)),
            StaleRead(FenceOf(status)),
            new HealthCheck("linearizable_read", await LinearizableReadAsync(status)),
            new HealthCheck("non_learner", status.IsLearner ? "this member does not vote: it is a learner, or not in the cluster" : null),
        ];
    }

    /// <summary>A fenced member is alive: a restart would not mend it.</summary>
    private HealthCheck StaleRead(string? refusal)
    {
        _ = _state.View().Revision;
        return new HealthCheck("serializable_read", refusal);
    }

    private static string? FenceOf(ReplicaStatus status) =>
        status.FencedBecause is { } fenced ? $"this member is fenced: {fenced}" : null;

    /// <summary>A probe wants its answer at once: where none can come, it does not wait.</summary>
    private async Task<string?> LinearizableReadAsync(ReplicaStatus status)
    {
        if (status.IsLearner)
        {
            return "not tried: this member does not vote";
        }

        if (FenceOf(status) is { } fenced)
        {
            return fenced;
        }

        if (status.Leader.IsNone)
        {
            return "no leader is known";
        }

        return await _replica.ReadBarrierAsync(ProbeLimit)
            ? null
            : $"no leader confirmed a read within {ProbeLimit.TotalMilliseconds:0} ms";
    }

    private TimeSpan ProbeLimit =>
        _options.RequestTimeLimit < LongestProbe ? _options.RequestTimeLimit : LongestProbe;

    private string? CorruptionOf(ReplicaStatus status) =>
        status.FencedBecause ?? (AlarmViews.CorruptMembers(_state.View()).Contains(_self.MemberId) ? "the CORRUPT alarm names this member" : null);

    private string[] AlarmsOf(ReplicaStatus status)
    {
        var view = _state.View();
        var alarms = new List<string>();
        if (AlarmViews.IsOutOfSpace(view))
        {
            alarms.Add("NOSPACE");
        }

        alarms.AddRange(AlarmViews.CorruptMembers(view).Select(member => $"CORRUPT:{member}"));
        if (status.FencedBecause is not null)
        {
            alarms.Add("FENCED");
        }

        return [.. alarms];
    }

    private IEnumerable<string> WarningsOf(ReplicaStatus status)
    {
        if (FenceOf(status) is { } fenced)
        {
            yield return $"{fenced}; {Fence.RepairOf(_self.Label, _options.DataDirectory, _options.ClientScheme)}";
        }

        foreach (var member in status.Members.Members)
        {
            if (_reports.Find(member.Id) is not { } report)
            {
                continue;
            }

            if (report.QuotaBytes != _options.QuotaBytes)
            {
                yield return $"-quota-bytes is {_options.QuotaBytes} here and {report.QuotaBytes} at {member.Label}: "
                    + "the leader's counts, so give all members the same";
            }

            if (report.FeatureLevel < FeatureLevel.Newest)
            {
                yield return $"feature level {FeatureLevel.Newest} waits for {member.Label}, whose build knows "
                    + $"{report.FeatureLevel}: upgrade it";
            }

            if (_pins.GivenUp.Contains(new NodeId(member.Id)))
            {
                yield return $"{member.Label} took longer over its snapshot than the log behind it may be kept, and begins anew: "
                    + "write less, give it a faster link, or raise -max-pinned-log-bytes on all members";
            }
        }
    }

    private static IEnumerable<string> WarningsOf(BackupStatus? backups)
    {
        if (backups?.Failure is { } failure)
        {
            var last = backups.Last is { } saved ? $"the newest is {saved.File}" : "there is none yet";
            yield return $"the last scheduled backup into {backups.Directory} failed, {last}: {failure}";
        }
    }

    private string? UrlOf(ReplicaStatus status) =>
        status.Members.Find(status.Leader.Value) is { } leader ? $"{_options.ClientScheme}://{leader.HttpAddress}" : null;
}
