namespace Raftd.Testing.Histories;

public enum OperationKind
{
    Put,
    Delete,
    Read,

    /// <summary>What the member has, however old: the history must hold it, no more.</summary>
    StaleRead,
}

/// <summary>One request of a client and what it was told.</summary>
public sealed class Operation
{
    public required OperationKind Kind { get; init; }

    public required string Key { get; init; }

    /// <summary>Empty for the one key.</summary>
    public string RangeEnd { get; init; } = "";

    /// <summary>Of a put; no other put ever has the same, but one that asks again.</summary>
    public string? Value { get; init; }

    /// <summary>The same was asked before, and what came of it is not known.</summary>
    public bool IsRetry { get; init; }

    /// <summary>The key must be at this revision, 0: must not be; null: not asked for.</summary>
    public long? ExpectedRevision { get; init; }

    /// <summary>The highest revision that any client knew of when it began.</summary>
    public required long Floor { get; init; }

    /// <summary>Told with the answer.</summary>
    public long Revision { get; set; }

    /// <summary>It made a revision of its own.</summary>
    public bool HasChanged { get; set; }

    /// <summary>What a read answered.</summary>
    public string Seen { get; set; } = "";

    public bool IsRead => Kind is OperationKind.Read or OperationKind.StaleRead;

    /// <summary>The same once more.</summary>
    public Operation Again(long floor) => new()
    {
        Kind = Kind,
        Key = Key,
        Value = Value,
        ExpectedRevision = ExpectedRevision,
        Floor = floor,
        IsRetry = true,
    };

    public override string ToString() => $"{Kind} {Key} {(Value is { Length: > 40 } ? Value[..40] : Value)}";
}
