using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IClusterService
{
    public bool IsLeader => _replica.Status.IsLeader;

    public string? LeaderUrl => UrlOf(_replica.Status);

    public long Revision => _state.View().Revision;

    public ValueTask<JoinResponse> JoinAsync(JoinRequest request, CancellationToken cancellationToken) =>
        _router.CallAsync(_calls.Join, request, cancellationToken);

    public async ValueTask<MemberListResponse> MembersAsync(ReadLevel level, CancellationToken cancellationToken)
    {
        await BarrierAsync(level);
        var status = _replica.Status;
        return new MemberListResponse
        {
            ClusterId = _self.ClusterId,
            Leader = status.Leader.Value,
            Members =
            [
                .. status.Members.Members
                    .OrderBy(member => member.Label, StringComparer.Ordinal)
                    .ThenBy(member => member.Id)
                    .Select(member => Describe(status.Configuration, member)),
            ],
        };
    }

    public async ValueTask RemoveMemberAsync(ulong id, CancellationToken cancellationToken) =>
        await _router.CallAsync(_calls.RemoveMember, id, cancellationToken);

    public async ValueTask PromoteMemberAsync(ulong id, CancellationToken cancellationToken) =>
        await _router.CallAsync(_calls.PromoteMember, id, cancellationToken);

    public ValueTask<ulong> TransferLeadershipAsync(ulong to, CancellationToken cancellationToken) =>
        _router.CallAsync(_calls.TransferLeadership, to, cancellationToken);

    public MemberStatus Status()
    {
        var status = _replica.Status;
        var view = _state.View();
        var applied = view.Applied;
        var stored = _state.StoredSize();
        return new MemberStatus
        {
            ClusterId = _self.ClusterId,
            MemberId = _self.MemberId,
            Label = _self.Label,
            HttpAddress = _options.AdvertisedHttpAddress,
            PeerAddress = _options.AdvertisedPeerAddress,
            Role = RoleOf(status),
            Term = status.Term,
            Leader = status.Leader.Value,
            LeaderUrl = UrlOf(status),
            CommitIndex = status.Commit,
            AppliedIndex = applied.Index,
            AppliedHash = applied.Hash,
            Revision = view.Revision,
            KeyCount = view.KeyCount,
            StateBytes = stored.Bytes,
            StateBytesInUse = stored.InUse,
            LogBytes = _log.SizeBytes,
            LogicalBytes = view.LogicalBytes,
            QuotaBytes = _options.QuotaBytes,
            Alarms = AlarmsOf(status),
            Version = _options.Version,
        };
    }

    public ValueTask<IReadOnlyList<HealthCheck>> LivenessAsync(CancellationToken cancellationToken) =>
        ValueTask.FromResult<IReadOnlyList<HealthCheck>>([StaleRead()]);

    public async ValueTask<IReadOnlyList<HealthCheck>> ReadinessAsync(CancellationToken cancellationToken)
    {
        var status = _replica.Status;
        var isLearner = status.Configuration.IsLearner(new NodeId(_self.MemberId));
        return
        [
            new HealthCheck("data_corruption", CorruptionOf(status)),
            StaleRead(),
            new HealthCheck("linearizable_read", await LinearizableReadAsync()),
            new HealthCheck("non_learner", isLearner ? "this member is a learner and has not caught up yet" : null),
        ];
    }

    private HealthCheck StaleRead()
    {
        _ = _state.View().Revision;
        return new HealthCheck("serializable_read", null);
    }

    private async Task<string?> LinearizableReadAsync()
    {
        try
        {
            await BarrierAsync(ReadLevel.Linearizable);
            return null;
        }
        catch (StoreException failure)
        {
            return failure.Message;
        }
    }

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

    private static Member Describe(Configuration configuration, MemberInfo member) =>
        MembershipKeeper.Describe(member, configuration.IsLearner(new NodeId(member.Id)));

    private static MemberRole RoleOf(ReplicaStatus status) => status.Role switch
    {
        RaftRole.Leader => MemberRole.Leader,
        RaftRole.Follower => status.IsLearner ? MemberRole.Learner : MemberRole.Follower,
        _ => MemberRole.Candidate,
    };

    private static string? UrlOf(ReplicaStatus status) =>
        status.Members.Find(status.Leader.Value) is { } leader ? $"http://{leader.HttpAddress}" : null;
}
