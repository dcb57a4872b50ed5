// A transaction: conditions on the present state, then one of two lists of operations, all in one entry and at one revision.
// The conditions of nested transactions too are asked of the state before the whole transaction; its reads see its writes.

namespace Raftd.Contract;

/// <summary>What of a key a condition compares. The numbers are part of commands.</summary>
public enum CompareTarget : byte
{
    Version = 0,
    CreateRevision = 1,
    ModRevision = 2,
    Value = 3,
    Lease = 4,
}

/// <summary>How. The numbers are part of commands.</summary>
public enum CompareResult : byte
{
    Equal = 0,
    Greater = 1,
    Less = 2,
    NotEqual = 3,
}

/// <summary>A condition on each key of a range. A key that does not exist has 0 everywhere, and no value: a comparison of its
/// value is false, whichever it is. A range without keys is such a key.</summary>
public sealed record Compare
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    public ReadOnlyMemory<byte> RangeEnd { get; init; }

    public required CompareTarget Target { get; init; }

    /// <summary>What the key's is, of Number or of Value.</summary>
    public required CompareResult Result { get; init; }

    /// <summary>For every target but the value.</summary>
    public long Number { get; init; }

    public ReadOnlyMemory<byte> Value { get; init; }
}

/// <summary>One operation of a transaction: exactly one of its parts is set.</summary>
public sealed record TxnOperation
{
    /// <summary>Its level counts only where the whole transaction is read-only.</summary>
    public RangeRequest? Range { get; init; }

    /// <summary>Without a time to live and without a condition of its own.</summary>
    public PutRequest? Put { get; init; }

    /// <summary>Without a condition of its own.</summary>
    public DeleteRangeRequest? DeleteRange { get; init; }

    public TxnRequest? Txn { get; init; }
}

public sealed record TxnRequest
{
    /// <summary>All must hold; none always do.</summary>
    public IReadOnlyList<Compare> Compares { get; init; } = [];

    public IReadOnlyList<TxnOperation> Success { get; init; } = [];

    public IReadOnlyList<TxnOperation> Failure { get; init; } = [];
}

/// <summary>The answer of one operation, of the same kind.</summary>
public sealed record TxnOperationResponse
{
    public RangeResponse? Range { get; init; }

    public PutResponse? Put { get; init; }

    public DeleteRangeResponse? DeleteRange { get; init; }

    public TxnResponse? Txn { get; init; }
}

public sealed record TxnResponse
{
    /// <summary>The revision of its changes, or the store's where it made none.</summary>
    public required long Revision { get; init; }

    /// <summary>Whether the conditions held, and Success was done.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>In the order of the operations.</summary>
    public required IReadOnlyList<TxnOperationResponse> Responses { get; init; }
}
