// The rules of leases that every member applies (docs/leases.md). When a lease's time is over is the leader's to know
// (Leases/Lessor.cs); here it is an entry like any other, checked against what has happened since it was proposed.

using Raftd.Contract;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Store.Mvcc;

public sealed partial class StateMachine
{
    /// <summary>Sets a key and settles its leases: the one before lets go of it, the new one takes it.</summary>
    private void SetKey(byte[] key, byte[] value, long lease, KeyFlags flags)
    {
        if (_state.Keyspace.FindLive(key) is { Lease: not 0 } former)
        {
            Detach(former, lease);
        }

        var record = _state.Keyspace.Put(key, value, lease, flags);
        if (lease == 0)
        {
            return;
        }

        var attached = new LeaseKeyRecord((flags & KeyFlags.OwnDeadline) != 0, record.Revision.Main);
        _state.Leases.Attach(lease, record.Key, attached);
        if (attached.OwnDeadline)
        {
            _state.Leases.Changes.Add(
                new LeaseChange(LeaseChangeKind.KeySet, lease, Key: record.Key, KeyRecord: attached));
        }
        else
        {
            MaybeClaim(lease);
        }
    }

    private void DeleteKey(KeyRecord live)
    {
        if (live.Lease != 0)
        {
            Detach(live, newLease: 0);
        }

        _state.Keyspace.Delete(live);
    }

    /// <summary>Takes a key from its lease. A hidden lease is owned by its key and goes with it.</summary>
    private void Detach(KeyRecord key, long newLease)
    {
        var leases = _state.Leases;
        leases.Detach(key.Lease, key.Key);
        if (key.HasOwnDeadline)
        {
            leases.Changes.Add(new LeaseChange(LeaseChangeKind.KeyRemoved, key.Lease, Key: key.Key));
        }

        var former = leases.Find(key.Lease);
        Invariant.Check(former is not null, $"revision {key.Revision} names lease {key.Lease}, which does not exist");
        if (former.Hidden && key.Lease != newLease)
        {
            DropLease(former);
        }
    }

    /// <summary>A first key begins the time of a REST grant; a lease of the etcd API has counted since its grant.</summary>
    private void MaybeClaim(long id)
    {
        var lease = _state.Leases.Find(id)!;
        if (lease.Status == LeaseStatus.Alive)
        {
            return;
        }

        var claimed = lease with { Status = LeaseStatus.Alive };
        if (lease.IsUnclaimed)
        {
            claimed = claimed with { Generation = lease.Generation + 1, CheckpointMilliseconds = -1 };
        }

        _state.Leases.Set(claimed);
        _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.Claimed, id, claimed));
    }

    private ErrorResult? RefuseLease(PutCommand put)
    {
        if (put.Lease != 0)
        {
            // A hidden lease belongs to its one key.
            return _state.Leases.Find(put.Lease) is { Hidden: false }
                ? RefuseKey(put.Lease, put.Key.Span, put.MaxLeaseKeys)
                : LeaseNotFound(put.Lease);
        }

        return put.HiddenLease != 0 ? RefuseGrant(put.HiddenLease, put.HiddenTtlSeconds) : null;
    }

    /// <summary>The bound is the proposer's and comes with the command: apply knows no setting of a member.</summary>
    private ErrorResult? RefuseKey(long lease, ReadOnlySpan<byte> key, long maxKeys) =>
        _state.Leases.CountKeys(lease) < maxKeys || _state.Leases.FindKey(lease, key) is not null
            ? null
            : Error(ApplyError.LeaseFull, lease, maxKeys);

    private ErrorResult? RefuseGrant(long id, long ttlSeconds)
    {
        if (id <= 0)
        {
            return Error(ApplyError.LeaseIdOutOfRange, id);
        }

        if (ttlSeconds is < Bounds.MinLeaseTtlSeconds or > Bounds.MaxLeaseTtlSeconds)
        {
            return Error(ApplyError.TtlOutOfRange, ttlSeconds, Bounds.MaxLeaseTtlSeconds);
        }

        return _state.Leases.Find(id) is null ? null : Error(ApplyError.LeaseExists, id);
    }

    private void AddHiddenLease(long id, long ttlSeconds) => AddLease(new LeaseRecord
    {
        Id = id,
        Name = [],
        TtlSeconds = ttlSeconds,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = true,
        Generation = 1,
    });

    private void AddLease(LeaseRecord lease)
    {
        _state.Leases.Set(lease);
        _state.Keyspace.Count(lease.LogicalBytes);
        _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.Granted, lease.Id, lease));
    }

    /// <summary>Removes the lease itself; its keys were dealt with.</summary>
    private void DropLease(LeaseRecord lease)
    {
        _state.Leases.Remove(lease);
        _state.Keyspace.Count(-lease.LogicalBytes);
        _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.Removed, lease.Id));
    }

    private CommandResult LeaseGrant(LeaseGrantCommand grant)
    {
        if (RefuseGrant(grant.Id, grant.TtlSeconds) is { } refusal)
        {
            return refusal;
        }

        if (RefuseForAlarm() is { } alarmRefusal)
        {
            return alarmRefusal;
        }

        if (grant.Unique && _state.Leases.IsNameTaken(grant.Name.Span))
        {
            return Error(ApplyError.NameTaken);
        }

        AddLease(new LeaseRecord
        {
            Id = grant.Id,
            Name = grant.Name.ToArray(),
            TtlSeconds = grant.TtlSeconds,
            Kind = grant.Kind,
            Status = LeaseStatus.Create,
            Hidden = false,
            Generation = 1,
        });
        return new LeaseGrantResult(_state.Keyspace.Revision, grant.Id, grant.TtlSeconds);
    }

    private CommandResult LeaseKeepAlive(LeaseKeepAliveCommand keepAlive)
    {
        var lease = _state.Leases.Find(keepAlive.Id);
        if (lease is null)
        {
            return LeaseNotFound(keepAlive.Id);
        }

        var revisionBefore = _state.Keyspace.Revision;
        byte[]? fullKey = null;
        if (keepAlive.Key is { } ownKey)
        {
            fullKey = lease.FullKey(ownKey.Span);
            if (RefuseKeepAliveKey(lease, ownKey, fullKey, keepAlive) is { } refusal)
            {
                return refusal;
            }

            if (keepAlive.Data is { } data && !HasOwnKey(lease.Id, fullKey, data.Span))
            {
                SetKey(fullKey, data.ToArray(), lease.Id, KeyFlags.OwnDeadline);
            }
        }
        else if (keepAlive.Data is not null)
        {
            return Error(ApplyError.DataWithoutKey);
        }

        var renewed = lease with
        {
            Status = LeaseStatus.Alive,
            Generation = lease.Generation + 1,
            RenewedGeneration = fullKey is null ? lease.Generation + 1 : lease.RenewedGeneration,
            CheckpointMilliseconds = -1,
            Floor = fullKey is null ? null : FloorOf(lease, revisionBefore),
        };
        _state.Leases.Set(renewed);
        var key = fullKey is null ? null : NoteRenewed(renewed, fullKey);
        _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.Renewed, lease.Id, renewed, fullKey, key));
        return new LeaseKeepAliveResult(_state.Keyspace.Revision, lease.Id, lease.TtlSeconds);
    }

    /// <summary>What is known of the other keys when one is renewed. Where the lease itself was checkpointed, they had no
    /// more left than it had, for whatever renewed one of them since would have cleared it.</summary>
    private LeaseFloor? FloorOf(LeaseRecord lease, long revision) =>
        lease.HasCheckpoint && _state.Leases.CountKeys(lease.Id) > 1
            ? new LeaseFloor(lease.CheckpointMilliseconds, lease.Generation, revision)
            : lease.Floor;

    /// <summary>What was stored of the key speaks for it no more.</summary>
    /// <returns>Null if the key shares the lease's deadline.</returns>
    private LeaseKeyRecord? NoteRenewed(LeaseRecord renewed, byte[] fullKey)
    {
        var key = _state.Leases.FindKey(renewed.Id, fullKey);
        if (key is not { OwnDeadline: true } || renewed.RemainingOf(key) is null)
        {
            return key is { OwnDeadline: true } ? key : null;
        }

        var noted = key with
        {
            Generation = renewed.Floor is null ? 0 : renewed.Generation,
            RemainingMilliseconds = -1,
        };
        _state.Leases.Store(renewed.Id, fullKey, noted);
        return noted;
    }

    private ErrorResult? RefuseKeepAliveKey(
        LeaseRecord lease, ReadOnlyMemory<byte> ownKey, byte[] fullKey, LeaseKeepAliveCommand keepAlive)
    {
        if (ownKey.IsEmpty || LeaseRules.IsReserved(ownKey.Span))
        {
            return Error(ApplyError.KeyReserved);
        }

        if (lease.Hidden)
        {
            return LeaseNotFound(lease.Id);
        }

        if (keepAlive.Data is not { } data)
        {
            return _state.Keyspace.FindLive(fullKey)?.Lease == lease.Id
                ? null
                : Error(ApplyError.KeyNotFound, lease.Id);
        }

        // Data that are there already need no space.
        return HasOwnKey(lease.Id, fullKey, data.Span)
            ? null
            : Refuse(fullKey, data) ?? RefuseKey(lease.Id, fullKey, keepAlive.MaxLeaseKeys);
    }

    private bool HasOwnKey(long lease, byte[] fullKey, ReadOnlySpan<byte> data) =>
        _state.Keyspace.FindLive(fullKey) is { HasOwnDeadline: true } key
        && key.Lease == lease
        && key.ValueBytes == data.Length
        && data.SequenceEqual(_state.Keyspace.ValueOf(key));

    /// <summary>The key of an expiry that still holds: nothing has renewed the lease by an entry or changed the key.</summary>
    private KeyRecord? DueKey(LeaseKeyExpiry due) =>
        _state.Leases.Find(due.Id) is { } lease
        && lease.Generation == due.Generation
        && _state.Keyspace.FindLive(due.Key.Span) is { HasOwnDeadline: true } live
        && live.Lease == due.Id
        && live.Revision.Main == due.ModRevision
            ? live
            : null;

    private void Void(long id, byte[]? key, ulong term) =>
        _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.ExpiryVoid, id, Key: key, Term: term));

    /// <remarks>
    /// What is stale needs no answer to the lessor: an entry that made it stale has renewed or removed the lease or the key,
    /// or the lessor's term is over.
    /// </remarks>
    private DoneResult LeaseCheckpoint(LeaseCheckpointCommand checkpoint, ulong term)
    {
        if (term == checkpoint.Term)
        {
            foreach (var due in checkpoint.Leases)
            {
                Checkpoint(due);
            }

            foreach (var due in checkpoint.Keys)
            {
                Checkpoint(due);
            }
        }

        return new DoneResult(_state.Keyspace.Revision);
    }

    private void Checkpoint(LeaseRemaining due)
    {
        if (due.RemainingMilliseconds >= 0
            && _state.Leases.Find(due.Id) is { } lease
            && lease.Generation == due.Generation)
        {
            var checkpointed = lease with { CheckpointMilliseconds = due.RemainingMilliseconds };
            _state.Leases.Set(checkpointed);
            _state.Leases.Changes.Add(new LeaseChange(LeaseChangeKind.Checkpointed, due.Id, checkpointed));
        }
    }

    private void Checkpoint(LeaseKeyRemaining due)
    {
        if (due.RemainingMilliseconds < 0
            || DueKey(new LeaseKeyExpiry(due.Id, due.Generation, due.Key, due.ModRevision)) is not { } key)
        {
            return;
        }

        var checkpointed = _state.Leases.FindKey(due.Id, key.Key)! with
        {
            Generation = due.Generation,
            RemainingMilliseconds = due.RemainingMilliseconds,
        };
        _state.Leases.Store(due.Id, key.Key, checkpointed);
        _state.Leases.Changes.Add(
            new LeaseChange(LeaseChangeKind.Checkpointed, due.Id, Key: key.Key, KeyRecord: checkpointed));
    }

    private ErrorResult LeaseNotFound(long id) => Error(ApplyError.LeaseNotFound, id);
}
