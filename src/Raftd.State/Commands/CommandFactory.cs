using System.Text;
using Raftd.Contract;

namespace Raftd.State.Commands;

/// <summary>Makes every command that goes into the log, encoded.</summary>
/// <remarks>
/// It decides nothing: the proposer has checked limits, quota and rights, and apply compares conditions. The given bytes
/// are copied; the result is the caller's. A command that has several layouts takes the cluster's level; the others are of
/// level 1, which every member reads.
/// </remarks>
public static class CommandFactory
{
    /// <param name="request">With TtlSeconds above 0, <paramref name="hiddenLeaseId"/> names the lease it makes.</param>
    /// <param name="hiddenLeaseId">A fresh id, drawn by the proposer; not used without a time to live.</param>
    /// <param name="maxLeaseKeys">Apply refuses to attach one key more to a lease that has so many.</param>
    /// <param name="level">The cluster's feature level, as far as the proposer knows: no newer layout is used.</param>
    public static ReadOnlyMemory<byte> Put(
        PutRequest request,
        long hiddenLeaseId = 0,
        long maxLeaseKeys = Bounds.DefaultMaxLeaseKeys,
        int level = FeatureLevel.First)
    {
        var hidden = request.TtlSeconds > 0;
        Invariant.Check(!hidden || hiddenLeaseId > 0, $"hidden lease id {hiddenLeaseId}");
        Invariant.Check(!hidden || request.Lease == 0, $"lease {request.Lease} together with a time to live");
        var put = new PutCommand(
            request.Key,
            request.Value,
            request.Lease,
            hidden ? hiddenLeaseId : 0,
            hidden ? request.TtlSeconds : 0,
            request.ReturnPrevious,
            request.Condition)
        {
            MaxLeaseKeys = maxLeaseKeys,
        };
        return CommandCodec.Encode(put, level);
    }

    public static ReadOnlyMemory<byte> DeleteRange(DeleteRangeRequest request) =>
        CommandCodec.Encode(new DeleteRangeCommand(request.Key, request.RangeEnd, request.Condition));

    /// <remarks>The name has 1 to 1 024 bytes of UTF-8; it is empty only for leases of the etcd API.</remarks>
    public static ReadOnlyMemory<byte> LeaseGrant(long id, string name, long ttlSeconds, bool unique, LeaseKind kind) =>
        CommandCodec.Encode(new LeaseGrantCommand(id, Encoding.UTF8.GetBytes(name), ttlSeconds, unique, kind));

    /// <param name="request">As the client sent it.</param>
    /// <param name="maxLeaseKeys">As for Put.</param>
    public static ReadOnlyMemory<byte> LeaseKeepAlive(
        LeaseKeepAliveRequest request, long maxLeaseKeys = Bounds.DefaultMaxLeaseKeys) =>
        CommandCodec.Encode(
            new LeaseKeepAliveCommand(request.Id, request.Key, request.Data) { MaxLeaseKeys = maxLeaseKeys });

    public static ReadOnlyMemory<byte> LeaseRevoke(long id) => CommandCodec.Encode(new LeaseRevokeCommand(id));

    /// <param name="batch">As Lessor.CollectDue gave it.</param>
    public static ReadOnlyMemory<byte> LeaseExpire(LeaseExpireCommand batch) => CommandCodec.Encode(batch);

    /// <param name="batch">As Lessor.CollectCheckpoints gave it.</param>
    public static ReadOnlyMemory<byte> LeaseCheckpoint(LeaseCheckpointCommand batch) => CommandCodec.Encode(batch);

    public static ReadOnlyMemory<byte> Compact(long revision) => CommandCodec.Encode(new CompactCommand(revision));

    public static ReadOnlyMemory<byte> AlarmRaise(Alarm alarm) => CommandCodec.Encode(new AlarmCommand(alarm, Raise: true));

    public static ReadOnlyMemory<byte> AlarmClear(Alarm alarm) => CommandCodec.Encode(new AlarmCommand(alarm, Raise: false));

    /// <param name="level">Above the cluster's, and known to every member of the configuration.</param>
    /// <param name="configurationIndex">The entry of that configuration, applied.</param>
    public static ReadOnlyMemory<byte> RaiseLevel(int level, ulong configurationIndex) =>
        CommandCodec.Encode(new RaiseLevelCommand(level, configurationIndex));
}
