// What a log entry can ask of the state. The log holds nothing else: every change of the keyspace, of leases and of
// alarms is one of these, made by CommandFactory, carried by CommandCodec and executed by StateMachine.Apply.

using Raftd.Contract;

namespace Raftd.Store.Commands;

/// <summary>A decoded command. Its byte memory is that of the encoded bytes, and their owner's.</summary>
public abstract record Command;

/// <summary>Sets a key. Lease is the one to attach, 0 for none; HiddenLease the id of the lease that this put makes for
/// its key, with HiddenTtlSeconds to live, 0 for none. Not both.</summary>
public sealed record PutCommand(
    ReadOnlyMemory<byte> Key,
    ReadOnlyMemory<byte> Value,
    long Lease,
    long HiddenLease,
    long HiddenTtlSeconds,
    bool ReturnPrevious,
    Precondition? Condition) : Command
{
    /// <summary>With a lease to attach: the most keys that it may have then.</summary>
    public long MaxLeaseKeys { get; init; }
}

/// <summary>Deletes [Key, RangeEnd), as in RangeRequest; the condition concerns Key.</summary>
public sealed record DeleteRangeCommand(
    ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> RangeEnd, Precondition? Condition) : Command;

public sealed record LeaseGrantCommand(
    long Id, ReadOnlyMemory<byte> Name, long TtlSeconds, bool Unique, LeaseKind Kind) : Command;

/// <summary>The form of a keepalive that needs the log: claims the lease, clears its checkpoint, voids expiries proposed
/// before it, and sets the key if the data differ. Key is the key's own name, null to renew the lease and all its keys;
/// Data is null to renew a key that must be there.</summary>
public sealed record LeaseKeepAliveCommand(long Id, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Data) : Command
{
    /// <summary>With data: the most keys that the lease may have then.</summary>
    public long MaxLeaseKeys { get; init; }
}

public sealed record LeaseRevokeCommand(long Id) : Command;

/// <summary>A lease whose time ran out at the leader. Void if the lease has another generation by then.</summary>
public readonly record struct LeaseExpiry(long Id, long Generation);

/// <summary>A key (its full name) whose own deadline ran out. Void if the lease's generation or the key's mod revision has
/// moved.</summary>
public readonly record struct LeaseKeyExpiry(long Id, long Generation, ReadOnlyMemory<byte> Key, long ModRevision);

/// <summary>Ends what ran out. Term is the proposer's Raft term; void in an entry of another term.</summary>
public sealed record LeaseExpireCommand(
    ulong Term, IReadOnlyList<LeaseExpiry> Leases, IReadOnlyList<LeaseKeyExpiry> Keys) : Command;

/// <summary>What a silent lease has left, for the leader after this one.</summary>
public readonly record struct LeaseRemaining(long Id, long Generation, long RemainingMilliseconds);

/// <summary>What a key of its own deadline has left that stayed silent while its lease was renewed.</summary>
public readonly record struct LeaseKeyRemaining(
    long Id, long Generation, ReadOnlyMemory<byte> Key, long ModRevision, long RemainingMilliseconds);

/// <summary>Keeps remaining times for the leader after this one. Term and generations as in LeaseExpireCommand.</summary>
public sealed record LeaseCheckpointCommand(
    ulong Term, IReadOnlyList<LeaseRemaining> Leases, IReadOnlyList<LeaseKeyRemaining> Keys) : Command;

/// <summary>Gives up history below the revision, which itself stays readable.</summary>
public sealed record CompactCommand(long Revision) : Command;

public sealed record AlarmCommand(Alarm Alarm, bool Raise) : Command;

/// <summary>Raises the cluster's feature level. Void unless the configuration of this entry, whose members were asked, is in
/// force when it is applied.</summary>
public sealed record RaiseLevelCommand(int Level, ulong ConfigurationIndex) : Command;
