using Raftd.State.Keyspaces;
using Raftd.State.Leases;

namespace Raftd.Sql.Database;

/// <summary>All that one batch changes, committed in one transaction or not at all.</summary>
internal sealed record Batch
{
    /// <summary>The row that must be the last one, by its chain too.</summary>
    public required LogRow Before { get; init; }

    /// <summary>The row behind it, which this batch is.</summary>
    public required LogRow Row { get; init; }

    /// <summary>New versions, in the order of their revisions.</summary>
    public IReadOnlyList<NewVersion> Versions { get; init; } = [];

    /// <summary>The newest version of each key that the batch has changed; null where it was deleted. A key stands here once.</summary>
    public IReadOnlyList<KeyChange> Keys { get; init; } = [];

    /// <summary>In place of versions and keys.</summary>
    public RangeDeletion? Deletion { get; init; }

    /// <summary>Leases that were changed; null for those that ended.</summary>
    public IReadOnlyList<LeaseRowChange> Leases { get; init; } = [];

    /// <summary>Keys of leases that were attached, changed or detached (null).</summary>
    public IReadOnlyList<LeaseKeyRowChange> LeaseKeys { get; init; } = [];

    /// <summary>Values of the table `meta` that were changed.</summary>
    public IReadOnlyList<MetaChange> Meta { get; init; } = [];
}

/// <summary>A row of `revisions`.</summary>
/// <param name="Record">With its value.</param>
/// <param name="Before">The version of the key that it replaces; null where there is none.</param>
internal readonly record struct NewVersion(RevisionRecord Record, Revision? Before);

internal readonly record struct KeyChange(byte[] Key, KeyRow? Row);

internal readonly record struct LeaseRowChange(long Id, LeaseRecord? Lease);

internal readonly record struct LeaseKeyRowChange(long Lease, byte[] Key, LeaseKeyRecord? Record);

internal readonly record struct MetaChange(string Name, byte[] Value);
