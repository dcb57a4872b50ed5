// The calls on the keyspace. A key is any byte string; a range is half-open [Key, RangeEnd) in byte order. As on etcd's
// wire an empty RangeEnd means the one key, and a RangeEnd of a single zero byte means "to the end of the keyspace".

namespace Raftd.Contract;

/// <summary>How fresh a read must be.</summary>
public enum ReadLevel
{
    /// <summary>Sees every write acknowledged before the read began, on any member.</summary>
    Linearizable,

    /// <summary>What this member has applied; may be behind, needs no other member.</summary>
    Stale,
}

/// <summary>Compared with the key in apply, atomically with the change it guards. All parts given must hold.</summary>
public sealed record Precondition
{
    /// <summary>The key must exist.</summary>
    public bool MustExist { get; init; }

    /// <summary>The key must not exist.</summary>
    public bool MustNotExist { get; init; }

    /// <summary>If not null, the key must exist with one of these mod revisions.</summary>
    public IReadOnlyList<long>? ModRevisions { get; init; }
}

/// <summary>What a range is ordered by.</summary>
public enum SortTarget
{
    Key,
    Version,
    CreateRevision,
    ModRevision,
    Value,
}

public enum SortOrder
{
    /// <summary>As stored: by key; by any other target ascending.</summary>
    None,
    Ascending,
    Descending,
}

public sealed record RangeRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public ReadOnlyMemory<byte> RangeEnd { get; init; }

    /// <summary>The revision to read at; 0 for the newest.</summary>
    public long Revision { get; init; }

    /// <summary>At most this many items; 0 for all.</summary>
    public long Limit { get; init; }

    /// <summary>The items end before their keys and values together have more bytes than this, but there is one; 0 for no
    /// bound.</summary>
    public long MaxBytes { get; init; }

    /// <summary>No items, only how many there are.</summary>
    public bool CountOnly { get; init; }

    public ReadLevel Level { get; init; }

    /// <summary>Leave the values out.</summary>
    public bool KeysOnly { get; init; }

    /// <summary>Leave larger values out; they say their length all the same. Default: none is left out.</summary>
    public int MaxValueBytes { get; init; } = int.MaxValue;

    /// <summary>Filters come first, then the order, then Limit. Items of equal rank are in key order.</summary>
    public SortTarget SortTarget { get; init; }

    public SortOrder SortOrder { get; init; }

    /// <summary>Leave out what was changed before this revision; 0 for no filter.</summary>
    public long MinModRevision { get; init; }

    /// <summary>Leave out what was changed after it; 0 for no filter, as in the others.</summary>
    public long MaxModRevision { get; init; }

    public long MinCreateRevision { get; init; }

    public long MaxCreateRevision { get; init; }

    /// <summary>Items are left out for their revisions.</summary>
    public bool HasFilters => (MinModRevision | MaxModRevision | MinCreateRevision | MaxCreateRevision) != 0;

    /// <summary>Items come in another order than that of their keys.</summary>
    public bool IsSorted => SortTarget != SortTarget.Key || SortOrder == SortOrder.Descending;
}

public sealed record RangeResponse
{
    /// <summary>The store's revision when the read was answered.</summary>
    public required long Revision { get; init; }

    /// <summary>In the order asked for.</summary>
    public required IReadOnlyList<KeyValue> Items { get; init; }

    /// <summary>Keys in the range, however few of them are items.</summary>
    public required long Count { get; init; }

    /// <summary>A limit has left out items that the filters let through.</summary>
    public bool More { get; init; }
}

public sealed record PutRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public required ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The lease to attach, 0 for none: a put without a lease detaches the one before.</summary>
    public long Lease { get; init; }

    /// <summary>Above 0: the key gets a hidden lease of its own with this time to live. Not together with Lease.</summary>
    public long TtlSeconds { get; init; }

    /// <summary>Answer the version that this put replaces.</summary>
    public bool ReturnPrevious { get; init; }

    /// <summary>Keep the key's value, which must exist; Value is empty.</summary>
    public bool KeepValue { get; init; }

    /// <summary>Keep the key's lease; the key must exist, and Lease is 0.</summary>
    public bool KeepLease { get; init; }

    public Precondition? Condition { get; init; }
}

public sealed record PutResponse
{
    /// <summary>The revision of this put, or the store's revision where the condition failed.</summary>
    public required long Revision { get; init; }

    /// <summary>False when the condition failed and nothing was written.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>The version replaced, if it was asked for and there was one.</summary>
    public KeyValue? Previous { get; init; }
}

public sealed record DeleteRangeRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public ReadOnlyMemory<byte> RangeEnd { get; init; }

    /// <summary>Only together with a single key.</summary>
    public Precondition? Condition { get; init; }

    /// <summary>Answer the versions that are deleted.</summary>
    public bool ReturnPrevious { get; init; }
}

public sealed record DeleteRangeResponse
{
    /// <summary>The revision of the deletion, or the store's revision where nothing was deleted.</summary>
    public required long Revision { get; init; }

    public required bool Succeeded { get; init; }

    public required long Deleted { get; init; }

    /// <summary>In key order, if they were asked for.</summary>
    public IReadOnlyList<KeyValue> Previous { get; init; } = [];
}

/// <summary>Waits until the key has a version newer than AfterRevision, or until the time is up.</summary>
public sealed record WaitRequest
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public required long AfterRevision { get; init; }

    public required TimeSpan TimeLimit { get; init; }

    /// <summary>How fresh the first look must be.</summary>
    public ReadLevel Level { get; init; }

    /// <summary>As of a range: a larger value is left out of the answer.</summary>
    public int MaxValueBytes { get; init; } = int.MaxValue;
}

public sealed record CompactRequest
{
    /// <summary>The lowest revision that can be read afterwards.</summary>
    public required long Revision { get; init; }

    /// <summary>Wait, within the request time limit, until this member has deleted what was compacted from its store.</summary>
    public bool AwaitDeletion { get; init; }
}

public sealed record CompactResponse
{
    /// <summary>The store's newest revision, which a compaction does not raise.</summary>
    public required long Revision { get; init; }

    public required long CompactRevision { get; init; }

    /// <summary>This member's store has nothing left of it; false where that goes on behind the answer.</summary>
    public required bool IsDeleted { get; init; }
}
