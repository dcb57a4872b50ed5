// The calls on leases. An id is a positive int64. Times are whole seconds, as users give them.

namespace Raftd.Contract;

public enum LeaseStatus
{
    /// <summary>Granted, and neither renewed nor given a key so far: its time has not begun.</summary>
    Create,

    /// <summary>Its time runs.</summary>
    Alive,
}

/// <summary>Where a lease was granted; decides when its time begins to count. Stored: the numbers never change.</summary>
public enum LeaseKind : byte
{
    /// <summary>Counts from the first keepalive or attached key.</summary>
    Rest = 0,

    /// <summary>Counts from the grant.</summary>
    Etcd = 1,
}

public sealed record LeaseGrantRequest
{
    /// <summary>1 to 1 024 bytes; empty for leases of the etcd API, which have no names.</summary>
    public required string Name { get; init; }

    /// <summary>1 to 9 000 000 000 s. What is below 2 s is raised to that for the etcd API, as etcd does.</summary>
    public required long TtlSeconds { get; init; }

    /// <summary>Refuse with Conflict if a live lease has this name.</summary>
    public bool Unique { get; init; }

    /// <summary>The id to use, refused with Conflict if a lease has it; 0 draws one.</summary>
    public long Id { get; init; }

    public LeaseKind Kind { get; init; }
}

public sealed record LeaseGrantResponse
{
    public required long Revision { get; init; }

    public required long Id { get; init; }

    /// <summary>What was granted, which may be more than was asked for.</summary>
    public required long TtlSeconds { get; init; }
}

/// <summary>Without a key: renews the lease and all its keys. With a key alone: renews that key, which must be there.
/// With key and data: sets the key, which has a deadline of its own, and renews both.</summary>
public sealed record LeaseKeepAliveRequest
{
    public required long Id { get; init; }

    /// <summary>The key's own name, without the lease's name and id; null for none. `meta` is refused.</summary>
    public ReadOnlyMemory<byte>? Key { get; init; }

    /// <summary>Null for none; empty data is data.</summary>
    public ReadOnlyMemory<byte>? Data { get; init; }
}

public sealed record LeaseKeepAliveResponse
{
    public required long Revision { get; init; }

    public required long Id { get; init; }

    /// <summary>The granted time to live: what the lease has left, just renewed.</summary>
    public required long TtlSeconds { get; init; }
}

public sealed record LeaseRevokeResponse
{
    public required long Revision { get; init; }
}

/// <summary>A key of a lease and the whole seconds it has left.</summary>
public sealed record LeaseKey(ReadOnlyMemory<byte> Key, long TtlSeconds);

public sealed record LeaseTimeToLiveResponse
{
    public required long Revision { get; init; }

    public required long Id { get; init; }

    public required string Name { get; init; }

    public required LeaseStatus Status { get; init; }

    public required long GrantedTtlSeconds { get; init; }

    /// <summary>Whole seconds left, at least 0; the granted time while the status is Create.</summary>
    public required long TtlSeconds { get; init; }

    /// <summary>The full names of its keys (`name/id/key` for keys of keepalives), in key order.</summary>
    public required IReadOnlyList<LeaseKey> Keys { get; init; }
}

/// <summary>Asks for the data of live leased keys, found by lease state and never by parsing key names.</summary>
public sealed record LeasedKeysRequest
{
    /// <summary>The lease's name starts with this; required.</summary>
    public required string NamePrefix { get; init; }

    /// <summary>The key's own name starts with this (or equals it); empty for every key.</summary>
    public required ReadOnlyMemory<byte> Key { get; init; }

    public bool Exact { get; init; }

    /// <summary>What LeasedKey.CountedBytes says of all items together: above it TooLarge. 0 for no bound, as asked by members
    /// that do not know it.</summary>
    public long MaxBytes { get; init; }
}

/// <summary>One leased key: the lease's name, the key's own name, its value.</summary>
public sealed record LeasedKey
{
    public required long Lease { get; init; }

    public required string Name { get; init; }

    public required ReadOnlyMemory<byte> Key { get; init; }

    public required ReadOnlyMemory<byte> Value { get; init; }

    public required long TtlSeconds { get; init; }

    /// <summary>About what an item takes in memory.</summary>
    public static long CountedBytes(LeasedKey item) => 64L + item.Name.Length + item.Key.Length + item.Value.Length;
}

public sealed record LeasedKeysResponse
{
    public required long Revision { get; init; }

    /// <summary>Ordered by name, lease id, key.</summary>
    public required IReadOnlyList<LeasedKey> Items { get; init; }
}

public sealed record LeaseSummary(long Id, string Name, LeaseStatus Status, long GrantedTtlSeconds, long TtlSeconds);

public sealed record LeaseListResponse
{
    public required long Revision { get; init; }

    /// <summary>Ordered by name, then id.</summary>
    public required IReadOnlyList<LeaseSummary> Items { get; init; }
}
