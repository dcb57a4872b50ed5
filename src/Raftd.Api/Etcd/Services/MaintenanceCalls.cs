using Raftd.Contract;
using Action = Raftd.Api.Wire.AlarmRequest.Types.AlarmAction;
using Downgrade = Raftd.Api.Wire.DowngradeRequest.Types.DowngradeAction;

namespace Raftd.Api.Etcd.Services;

/// <summary>Alarms, status, hashes, backups, defragmentation, leadership.</summary>
internal static class MaintenanceCalls
{
    /// <summary>Of a store that was never compacted.</summary>
    private const long NoCompaction = -1;

    public static async ValueTask<Wire.AlarmResponse> AlarmAsync(Wire.AlarmRequest request, EtcdCall call)
    {
        IReadOnlyList<Wire.AlarmMember> alarms = request.Action switch
        {
            Action.Get => await StandingAsync(request.Alarm, call),
            Action.Activate => await RaiseAsync(request, call),
            Action.Deactivate => await DisarmAsync(request, call),
            _ => throw new EtcdException(EtcdStatus.Wrong($"raftd: alarm action {(int)request.Action} is unknown")),
        };
        var response = new Wire.AlarmResponse { Header = Answers.HeaderOf(call, call.Keyspace.Cluster.Revision) };
        response.Alarms.AddRange(alarms);
        return response;
    }

    public static ValueTask<Wire.StatusResponse> StatusAsync(EtcdCall call)
    {
        var member = call.Keyspace.Cluster.Status();
        var group = call.Keyspace.Group.GroupStatus();
        var response = new Wire.StatusResponse
        {
            Header = Answers.HeaderOf(call, member.Revision),
            Version = EtcdRelease.Server,
            DbSize = Math.Max(member.StateBytes, 1),
            DbSizeInUse = member.StateBytesInUse,
            DbSizeQuota = member.QuotaBytes,
            Leader = member.Leader,
            RaftIndex = group.CommitIndex,
            RaftAppliedIndex = group.AppliedIndex,
            RaftTerm = group.Term,
            IsLearner = group.Role == MemberRole.Learner,
            StorageVersion = EtcdRelease.Cluster,
            DowngradeInfo = new Wire.DowngradeInfo(),
        };
        response.Errors.AddRange(ErrorsOf(member));
        return ValueTask.FromResult(response);
    }

    public static async ValueTask<Wire.HashKVResponse> HashKeysAsync(Wire.HashKVRequest request, EtcdCall call)
    {
        var hashed = await call.Keyspace.Maintenance.HashHistoryAsync(call.Caller, request.Revision, call.Ended);
        return new Wire.HashKVResponse
        {
            Header = Answers.HeaderOf(call, hashed.Revision),
            Hash = Fold(hashed.Hash),
            CompactRevision = hashed.CompactRevision == 0 ? NoCompaction : hashed.CompactRevision,
            HashRevision = hashed.HashedRevision,
        };
    }

    public static async ValueTask<Wire.HashResponse> HashAsync(EtcdCall call)
    {
        var hashed = await call.Keyspace.Maintenance.HashStoredAsync(call.Caller, call.Ended);
        return new Wire.HashResponse { Header = Answers.HeaderOf(call, hashed.Revision), Hash = Fold(hashed.Hash) };
    }

    public static async Task SnapshotAsync(EtcdCall call)
    {
        using var backup = await call.Keyspace.Maintenance.OpenBackupAsync(call.Caller, call.Ended);
        await new SnapshotStream(call, backup).RunAsync();
    }

    public static async ValueTask<Wire.DefragmentResponse> DefragmentAsync(EtcdCall call)
    {
        await call.Keyspace.Maintenance.DefragmentAsync(call.Caller, call.Ended);
        return new Wire.DefragmentResponse();
    }

    /// <summary>Only a leader hands its leadership over.</summary>
    public static async ValueTask<Wire.MoveLeaderResponse> MoveLeaderAsync(Wire.MoveLeaderRequest request, EtcdCall call)
    {
        if (!call.Keyspace.Cluster.IsLeader)
        {
            EtcdStatus.NotLeader.Throw();
        }

        if (request.TargetID != call.Keyspace.Cluster.Origin.MemberId)
        {
            await RequireVoterAsync(request.TargetID, call);
            await call.Keyspace.Cluster.TransferLeadershipAsync(call.Caller, request.TargetID, call.Deadline);
        }

        return new Wire.MoveLeaderResponse();
    }

    /// <summary>Checked as etcd checks it; but there is no older raftd that could take over a store.</summary>
    public static ValueTask<Wire.DowngradeResponse> DowngradeAsync(Wire.DowngradeRequest request, EtcdCall call)
    {
        if (request.Action == Downgrade.Cancel)
        {
            EtcdStatus.NoDowngrade.Throw();
        }

        if (!EtcdRelease.TryParse(request.Version, out var major, out var minor))
        {
            EtcdStatus.WrongDowngradeFormat.Throw();
        }

        if (!EtcdRelease.IsOneMinorBelow(major, minor))
        {
            EtcdStatus.InvalidDowngradeTarget.Throw();
        }

        if (request.Action != Downgrade.Validate)
        {
            EtcdStatus.Unimplemented("raftd: a cluster cannot be downgraded").Throw();
        }

        return ValueTask.FromResult(new Wire.DowngradeResponse
        {
            Header = Answers.HeaderOf(call, call.Keyspace.Cluster.Revision),
            Version = EtcdRelease.Cluster,
        });
    }

    private static async ValueTask<IReadOnlyList<Wire.AlarmMember>> StandingAsync(Wire.AlarmType type, EtcdCall call)
    {
        var alarms = await call.Keyspace.Cluster.AlarmsAsync(call.Caller, ReadLevel.Linearizable, call.Deadline);
        return
        [
            .. alarms
                .Select(alarm => new Wire.AlarmMember { MemberID = alarm.MemberId, Alarm = TypeOf(alarm.Kind) })
                .Where(alarm => type == Wire.AlarmType.None || alarm.Alarm == type)
                .Distinct(),
        ];
    }

    /// <summary>For the whole cluster, whichever member is named: an operator's alarm has no other meaning here.</summary>
    private static async ValueTask<IReadOnlyList<Wire.AlarmMember>> RaiseAsync(Wire.AlarmRequest request, EtcdCall call)
    {
        if (KindOf(request.Alarm) is not { } kind)
        {
            return [];
        }

        await call.Keyspace.Cluster.RaiseAlarmAsync(call.Caller, kind, call.Deadline);
        return [new Wire.AlarmMember { MemberID = request.MemberID, Alarm = request.Alarm }];
    }

    /// <summary>The alarm must stand as it is named.</summary>
    private static async ValueTask<IReadOnlyList<Wire.AlarmMember>> DisarmAsync(Wire.AlarmRequest request, EtcdCall call)
    {
        var named = new Wire.AlarmMember { MemberID = request.MemberID, Alarm = request.Alarm };
        if (KindOf(request.Alarm) is not { } kind || !(await StandingAsync(request.Alarm, call)).Contains(named))
        {
            return [];
        }

        await call.Keyspace.Cluster.DisarmAsync(call.Caller, kind, call.Deadline);
        return [named];
    }

    private static async ValueTask RequireVoterAsync(ulong id, EtcdCall call)
    {
        var members = await call.Keyspace.Cluster.MembersAsync(call.Caller, ReadLevel.Stale, call.Deadline);
        if (!members.Members.Any(member => member.Id == id && !member.IsLearner))
        {
            EtcdStatus.BadLeaderTransferee.Throw();
        }
    }

    /// <summary>The wire has room for half of it.</summary>
    private static uint Fold(ulong hash) => (uint)(hash ^ (hash >> 32));

    private static AlarmKind? KindOf(Wire.AlarmType type) => type switch
    {
        Wire.AlarmType.Nospace => AlarmKind.NoSpace,
        Wire.AlarmType.Corrupt => AlarmKind.Corrupt,
        _ => null,
    };

    private static Wire.AlarmType TypeOf(AlarmKind kind) =>
        kind == AlarmKind.Corrupt ? Wire.AlarmType.Corrupt : Wire.AlarmType.Nospace;

    /// <summary>Alarms in etcd's words, with the blank behind them; a member's status has them as `NOSPACE` or `CORRUPT:id`.</summary>
    private static IEnumerable<string> ErrorsOf(MemberStatus member)
    {
        if (member.Leader == 0)
        {
            yield return EtcdStatus.NoLeader.Message;
        }

        foreach (var alarm in member.Alarms)
        {
            var colon = alarm.IndexOf(':');
            yield return colon < 0 ? $"alarm:{alarm} " : $"memberID:{alarm[(colon + 1)..]} alarm:{alarm[..colon]} ";
        }
    }
}
