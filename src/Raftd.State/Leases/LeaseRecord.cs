// What the keys with a deadline of their own have left, as far as it is stored:
//
//   1. The lease's checkpoint speaks for all of them: no key outlives its lease.
//   2. A keepalive that names one key clears that checkpoint. It still holds for the others, so it becomes the floor: it
//      speaks for the keys that were there at its revision and that no entry has renewed since its generation.
//   3. A key's own checkpoint speaks for that key, until an entry renews the key, or the lease with all its keys.

using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;

namespace Raftd.State.Leases;

/// <summary>The replicated part of a lease. Never changes: a change makes another record.</summary>
public sealed record LeaseRecord
{
    /// <summary>What a lease counts in the logical bytes beside its name. Part of the replicated state.</summary>
    public const int OverheadBytes = 64;

    public required long Id { get; init; }

    /// <summary>UTF-8; empty for leases of the etcd API and for hidden ones.</summary>
    public required byte[] Name { get; init; }

    public required long TtlSeconds { get; init; }

    public required LeaseKind Kind { get; init; }

    public required LeaseStatus Status { get; init; }

    /// <summary>Made by `?ttl=` of a put and owned by its key.</summary>
    public required bool Hidden { get; init; }

    /// <summary>Counts the entries that renewed it. An expiry names the generation it was decided in.</summary>
    public required long Generation { get; init; }

    /// <summary>What was left at the last checkpoint, -1 while there is none.</summary>
    public long CheckpointMilliseconds { get; init; } = -1;

    /// <summary>Of the entry that last renewed the lease with all its keys; 0 if none has. What was stored of keys before is
    /// void.</summary>
    public long RenewedGeneration { get; init; }

    /// <summary>What the keys had left at most that were not renewed since; null for nothing.</summary>
    public LeaseFloor? Floor { get; init; }

    public bool HasCheckpoint => CheckpointMilliseconds >= 0;

    public int LogicalBytes => Name.Length + OverheadBytes;

    public string NameText => Encoding.UTF8.GetString(Name);

    /// <summary>A REST grant that was never used: its time has not begun.</summary>
    public bool IsUnclaimed => Status == LeaseStatus.Create && Kind == LeaseKind.Rest;

    /// <summary>The name of a key set by a keepalive: name, id, the key's own name.</summary>
    public byte[] FullKey(ReadOnlySpan<byte> ownKey)
    {
        Span<byte> id = stackalloc byte[20];
        Id.TryFormat(id, out var idBytes, provider: null);
        var full = new byte[Name.Length + 1 + idBytes + 1 + ownKey.Length];
        Name.CopyTo(full, 0);
        full[Name.Length] = (byte)'/';
        id[..idBytes].CopyTo(full.AsSpan(Name.Length + 1));
        full[Name.Length + 1 + idBytes] = (byte)'/';
        ownKey.CopyTo(full.AsSpan(Name.Length + 1 + idBytes + 1));
        return full;
    }

    /// <summary>What is stored that a key with a deadline of its own has left, in milliseconds; null for nothing.</summary>
    /// <remarks>The lease's own checkpoint bounds it as well.</remarks>
    public long? RemainingOf(LeaseKeyRecord key)
    {
        long? remaining = key.RemainingMilliseconds >= 0 && key.Generation >= RenewedGeneration
            ? key.RemainingMilliseconds
            : null;
        return Floor is { } floor && key.ModRevision <= floor.Revision && key.Generation <= floor.Generation
            ? Math.Min(remaining ?? long.MaxValue, floor.RemainingMilliseconds)
            : remaining;
    }

    /// <summary>Adds what the lease is now to the hash chain.</summary>
    public void AddTo(StateHash hash)
    {
        hash.Add(Id, TtlSeconds);
        hash.Add(Generation, CheckpointMilliseconds);
        hash.Add(((int)Kind << 2) | ((int)Status << 1) | (Hidden ? 1 : 0), 0);
        hash.Add(Name);
        hash.Add(RenewedGeneration, Floor is null ? 0 : 1);
        if (Floor is { } floor)
        {
            hash.Add(floor.RemainingMilliseconds, floor.Generation);
            hash.Add(floor.Revision, 0);
        }
    }

    /// <summary>Adds to the hash chain that the lease is gone.</summary>
    public static void AddRemoved(StateHash hash, long id) => hash.Add(id, -1);

    /// <summary>The lease that a put with a time to live makes for its key.</summary>
    public static LeaseRecord HiddenOf(long id, long ttlSeconds) => new()
    {
        Id = id,
        Name = [],
        TtlSeconds = ttlSeconds,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = true,
        Generation = 1,
    };
}

/// <summary>A checkpoint of the lease that a keepalive of one key has cleared: what the other keys had left at most.</summary>
/// <param name="RemainingMilliseconds">As the checkpoint said.</param>
/// <param name="Generation">Of the lease while the checkpoint stood.</param>
/// <param name="Revision">Of the store just before the keepalive.</param>
public readonly record struct LeaseFloor(long RemainingMilliseconds, long Generation, long Revision);
