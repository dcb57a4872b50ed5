// Renews a lease by an entry, where the leader's memory alone is not enough.
//
//   command: flags, id [key] [data, max keys]
//   result:  id, ttl s

using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Wire;

namespace Raftd.State.Commands;

/// <summary>The form of a keepalive that needs the log: claims the lease, clears its checkpoint, voids expiries proposed
/// before it, and sets the key if the data differ. Key is the key's own name, null to renew the lease and all its keys;
/// Data is null to renew a key that must be there.</summary>
public sealed record LeaseKeepAliveCommand(long Id, ReadOnlyMemory<byte>? Key, ReadOnlyMemory<byte>? Data) : Command
{
    internal static readonly CommandForm Form = new(CommandTag.LeaseKeepAlive, Read) { MaxGrowth = GrowthOf };

    [Flags]
    private enum KeepAliveFlags : byte
    {
        None = 0,
        Key = 1,
        Data = 2,
        All = Key | Data,
    }

    /// <summary>With data: the most keys that the lease may have then.</summary>
    public long MaxLeaseKeys { get; init; }

    internal override CommandTag Tag => CommandTag.LeaseKeepAlive;

    internal override int SizeHint => (Key?.Length ?? 0) + (Data?.Length ?? 0) + 32;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Byte((byte)((Key is null ? 0 : KeepAliveFlags.Key) | (Data is null ? 0 : KeepAliveFlags.Data)));
        writer.Number(Id);
        if (Key is { } key)
        {
            writer.Bytes(key.Span);
        }

        if (Data is { } data)
        {
            writer.Bytes(data.Span);
            writer.Number(MaxLeaseKeys);
        }
    }

    internal override long LiveGrowth(IKeyReads keys, Func<long, LeaseRecord?> findLease, long maxGrowth) =>
        Key is { } ownKey && findLease(Id) is { } lease
            ? PutCommand.LiveGrowth(keys, lease.FullKey(ownKey.Span), keepsValue: false, maxGrowth)
            : maxGrowth;

    internal override CommandResult? Check(WorkingState state)
    {
        if (state.Leases.Find(Id) is not { } lease)
        {
            return state.RefuseLease(Id);
        }

        if (Key is { } ownKey)
        {
            return CheckKey(state, lease, ownKey);
        }

        return Data is null ? null : state.Refuse(ApplyError.DataWithoutKey);
    }

    internal override CommandResult Execute(WorkingState state)
    {
        var lease = state.Leases.Find(Id)!;
        var revisionBefore = state.Keyspace.Revision;
        var fullKey = Key is { } ownKey ? lease.FullKey(ownKey.Span) : null;
        if (fullKey is not null && Data is { } data && !HasOwnKey(state, fullKey, data.Span))
        {
            state.LeaseApplier.SetKey(fullKey, data.ToArray(), Id, KeyFlags.OwnDeadline);
        }

        var renewed = lease with
        {
            Status = LeaseStatus.Alive,
            Generation = lease.Generation + 1,
            RenewedGeneration = fullKey is null ? lease.Generation + 1 : lease.RenewedGeneration,
            CheckpointMilliseconds = -1,
            Floor = fullKey is null ? null : FloorOf(state, lease, revisionBefore),
        };
        state.Leases.Set(renewed);
        var key = fullKey is null ? null : NoteRenewed(state, renewed, fullKey);
        state.LeaseChanges.Add(new LeaseChange(LeaseChangeKind.Renewed, Id, renewed, fullKey, key));
        return new LeaseKeepAliveResult(state.Keyspace.Revision, Id, lease.TtlSeconds);
    }

    private ErrorResult? CheckKey(WorkingState state, LeaseRecord lease, ReadOnlyMemory<byte> ownKey)
    {
        if (ownKey.IsEmpty || LeaseRules.IsReserved(ownKey.Span))
        {
            return state.Refuse(ApplyError.KeyReserved);
        }

        if (lease.Hidden)
        {
            return state.RefuseLease(Id);
        }

        var fullKey = lease.FullKey(ownKey.Span);
        if (Data is not { } data)
        {
            return state.Keyspace.FindLive(fullKey)?.Lease == Id ? null : state.Refuse(ApplyError.KeyNotFound, Id);
        }

        // Data that are there already need no space.
        return HasOwnKey(state, fullKey, data.Span)
            ? null
            : state.RefusePut(fullKey, data) ?? state.RefuseLeaseKey(Id, fullKey, MaxLeaseKeys);
    }

    private bool HasOwnKey(WorkingState state, byte[] fullKey, ReadOnlySpan<byte> data) =>
        state.Keyspace.FindLive(fullKey) is { HasOwnDeadline: true } key
        && key.Lease == Id
        && key.ValueBytes == data.Length
        && data.SequenceEqual(state.Keyspace.ValueOf(key));

    /// <summary>What is known of the other keys when one is renewed. Where the lease itself was checkpointed, they had no
    /// more left than it had, because a renewal of any of them since would have cleared it.</summary>
    private static LeaseFloor? FloorOf(WorkingState state, LeaseRecord lease, long revision) =>
        lease.HasCheckpoint && state.Leases.CountKeys(lease.Id) > 1
            ? new LeaseFloor(lease.CheckpointMilliseconds, lease.Generation, revision)
            : lease.Floor;

    /// <summary>What was stored of the key speaks for it no more.</summary>
    /// <returns>Null if the key shares the lease's deadline.</returns>
    private static LeaseKeyRecord? NoteRenewed(WorkingState state, LeaseRecord renewed, byte[] fullKey)
    {
        var key = state.Leases.FindKey(renewed.Id, fullKey);
        if (key is not { OwnDeadline: true } || renewed.RemainingOf(key) is null)
        {
            return key is { OwnDeadline: true } ? key : null;
        }

        var noted = key with
        {
            Generation = renewed.Floor is null ? 0 : renewed.Generation,
            RemainingMilliseconds = -1,
        };
        state.Leases.Store(renewed.Id, fullKey, noted);
        return noted;
    }

    private static LeaseKeepAliveCommand Read(ref WireReader reader)
    {
        var flags = (KeepAliveFlags)reader.Flags((byte)KeepAliveFlags.All);
        var id = reader.Number();

        // Not "? :" with null: a null array converts to empty memory, which is something else than no memory.
        ReadOnlyMemory<byte>? key = null;
        ReadOnlyMemory<byte>? data = null;
        var maxLeaseKeys = 0L;
        if (flags.HasFlag(KeepAliveFlags.Key))
        {
            key = reader.Bytes();
        }

        if (flags.HasFlag(KeepAliveFlags.Data))
        {
            data = reader.Bytes();
            maxLeaseKeys = reader.Number();
        }

        return new LeaseKeepAliveCommand(id, key, data) { MaxLeaseKeys = maxLeaseKeys };
    }

    private static long GrowthOf(ReadOnlySpan<byte> command) => ((KeepAliveFlags)command[2]).HasFlag(KeepAliveFlags.Data)
        ? command.Length + RevisionRecord.OverheadBytes + LeaseRules.MaxOwnKeyPrefixBytes
        : 0;
}

public sealed record LeaseKeepAliveResult(long Revision, long Id, long TtlSeconds) : CommandResult(Revision)
{
    internal override ResultTag Tag => ResultTag.LeaseKeepAlive;

    internal override void WriteBody(WireWriter writer)
    {
        writer.Number(Id);
        writer.Number(TtlSeconds);
    }

    internal static LeaseKeepAliveResult Read(ref WireReader reader, long revision) =>
        new(revision, reader.Number(), reader.Number());
}
