using System.Text;
using Raftd.Contract;

namespace Raftd.State.Commands;

/// <summary>Makes every command that goes into the log, encoded.</summary>
/// <remarks>
/// It decides nothing: the proposer has checked limits, quota and rights, and apply compares conditions. The given bytes
/// are copied; the result is the proposer's.
/// </remarks>
/// <param name="Caller">Who asks for what it makes.</param>
/// <param name="Level">The cluster's feature level, as far as the proposer knows: no newer layout is used.</param>
public readonly record struct CommandFactory(Caller Caller, int Level)
{
    /// <param name="request">With TtlSeconds above 0, <paramref name="hiddenLeaseId"/> names the lease it makes.</param>
    /// <param name="hiddenLeaseId">A fresh id, drawn by the proposer; not used without a time to live.</param>
    /// <param name="maxLeaseKeys">Apply refuses to attach one key more to a lease that has so many.</param>
    public ReadOnlyMemory<byte> Put(
        PutRequest request, long hiddenLeaseId = 0, long maxLeaseKeys = Bounds.DefaultMaxLeaseKeys)
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
            KeepValue = request.KeepValue,
            KeepLease = request.KeepLease,
        };
        return Encode(put);
    }

    public ReadOnlyMemory<byte> DeleteRange(DeleteRangeRequest request) => Encode(
        new DeleteRangeCommand(request.Key, request.RangeEnd, request.Condition) { ReturnPrevious = request.ReturnPrevious });

    /// <param name="request">TxnCheck has let it pass, and it writes.</param>
    /// <param name="maxLeaseKeys">As for Put.</param>
    public ReadOnlyMemory<byte> Txn(TxnRequest request, long maxLeaseKeys = Bounds.DefaultMaxLeaseKeys) =>
        Encode(new TxnCommand(request, maxLeaseKeys));

    /// <remarks>The name has 1 to 1 024 bytes of UTF-8; it is empty only for leases of the etcd API.</remarks>
    public ReadOnlyMemory<byte> LeaseGrant(long id, string name, long ttlSeconds, bool unique, LeaseKind kind) =>
        Encode(new LeaseGrantCommand(id, Encoding.UTF8.GetBytes(name), ttlSeconds, unique, kind));

    /// <param name="request">As the client sent it.</param>
    /// <param name="maxLeaseKeys">As for Put.</param>
    public ReadOnlyMemory<byte> LeaseKeepAlive(
        LeaseKeepAliveRequest request, long maxLeaseKeys = Bounds.DefaultMaxLeaseKeys) =>
        Encode(new LeaseKeepAliveCommand(request.Id, request.Key, request.Data) { MaxLeaseKeys = maxLeaseKeys });

    public ReadOnlyMemory<byte> LeaseRevoke(long id) => Encode(new LeaseRevokeCommand(id));

    /// <param name="batch">As Lessor.CollectDue gave it.</param>
    public ReadOnlyMemory<byte> LeaseExpire(LeaseExpireCommand batch) => Encode(batch);

    /// <param name="batch">As Lessor.CollectCheckpoints gave it.</param>
    public ReadOnlyMemory<byte> LeaseCheckpoint(LeaseCheckpointCommand batch) => Encode(batch);

    public ReadOnlyMemory<byte> Compact(long revision) => Encode(new CompactCommand(revision));

    public ReadOnlyMemory<byte> AlarmRaise(Alarm alarm) => Encode(new AlarmCommand(alarm, Raise: true));

    public ReadOnlyMemory<byte> AlarmClear(Alarm alarm) => Encode(new AlarmCommand(alarm, Raise: false));

    /// <param name="level">Above the cluster's, and known to every member of the configuration.</param>
    /// <param name="configurationIndex">The entry of that configuration, applied.</param>
    public ReadOnlyMemory<byte> RaiseLevel(int level, ulong configurationIndex) =>
        Encode(new RaiseLevelCommand(level, configurationIndex));

    private ReadOnlyMemory<byte> Encode(Command command) =>
        CommandCodec.Encode(Caller.Kind == CallerKind.Nobody ? command : command with { Caller = Caller }, Level);
}
