using Raftd.Contract;

namespace Raftd.State.Keyspaces;

/// <summary>Versions of keys as the contract has them.</summary>
public static class KeyVersions
{
    /// <param name="live">The newest version.</param>
    /// <param name="value">Its value, or nothing where that is left out.</param>
    public static KeyValue Describe(ILiveKey live, ReadOnlyMemory<byte> value) => new()
    {
        Key = live.Key,
        Value = value,
        ValueBytes = live.ValueBytes,
        CreateRevision = live.CreateRevision,
        ModRevision = live.Revision.Main,
        Version = live.Version,
        Lease = live.Lease,
    };

    /// <param name="record">Of any version, or of a deletion.</param>
    /// <param name="value">Its value, or nothing where that is left out.</param>
    public static KeyValue Describe(RevisionRecord record, ReadOnlyMemory<byte> value) => new()
    {
        Key = record.Key,
        Value = value,
        ValueBytes = record.ValueBytes,
        CreateRevision = record.CreateRevision,
        ModRevision = record.Revision.Main,
        Version = record.Version,
        Lease = record.Lease,
    };
}
