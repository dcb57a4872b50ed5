namespace Raftd.Contract;

/// <summary>One version of a key. Revisions count from 1; a key's first version is 1.</summary>
public sealed record KeyValue
{
    public required ReadOnlyMemory<byte> Key { get; init; }

    /// <summary>Empty for an empty value and where it was left out: ValueBytes tells.</summary>
    public required ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The value's length, also where the value itself was left out.</summary>
    public int ValueBytes
    {
        get => Math.Max(field, Value.Length);
        init;
    }

    /// <summary>The revision at which the key came into being, after its last deletion.</summary>
    public required long CreateRevision { get; init; }

    /// <summary>The revision of this version; the entity tag of the REST face.</summary>
    public required long ModRevision { get; init; }

    /// <summary>Versions since creation, this one included.</summary>
    public required long Version { get; init; }

    /// <summary>The lease attached, 0 for none. A key with its own time to live shows its hidden lease here.</summary>
    public required long Lease { get; init; }
}
