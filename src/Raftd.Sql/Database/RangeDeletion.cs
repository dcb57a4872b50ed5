namespace Raftd.Sql.Database;

/// <summary>The deletion of all live keys of a range, done by the database as a set: its keys never come to the front. A batch with one
/// has no other change of keys or leases.</summary>
/// <remarks>
/// The transaction inserts the row of the log first, as any does: behind that no other writer changes keys, so the keys are those that
/// were counted. It goes on by slices, each of which the database does within the limit of a statement, and is done as a whole or not
/// at all. Each slice ends the hidden leases of its keys, detaches its keys from the others, inserts their deletions in the order of
/// keys, and deletes them. A slice that comes to another number of keys than was counted ends the transaction.
/// </remarks>
internal sealed record RangeDeletion
{
    /// <summary>Of the deletions, from sub 0 on.</summary>
    public required long Revision { get; init; }

    /// <summary>All of the range, in the order of keys.</summary>
    public required IReadOnlyList<KeySlice> Slices { get; init; }

    /// <summary>Keys of the range are attached to leases.</summary>
    public bool HasLeases { get; init; }

    /// <summary>Asked before each slice, and before the end: true takes the transaction back (<see cref="DatabaseFault.Late"/>).</summary>
    public required Func<bool> IsLate { get; init; }

    public long Count => Slices.Sum(static slice => slice.Count);

    /// <summary>The slices with the sub of the first deletion of each.</summary>
    public IEnumerable<(KeySlice Slice, long FirstSub)> Numbered()
    {
        var sub = 0L;
        foreach (var slice in Slices)
        {
            yield return (slice, sub);
            sub += slice.Count;
        }
    }

    /// <summary>What the database did in a slice is what was counted.</summary>
    public static void Require(KeySlice slice, long deleted)
    {
        if (deleted != slice.Count)
        {
            throw new DatabaseException(
                DatabaseFault.Wrong, $"{slice.Count} keys were counted, and {deleted} were there to be deleted: the tables were changed by hand");
        }
    }

    /// <summary>The transaction takes longer than its request has.</summary>
    public void RequireTime()
    {
        if (IsLate())
        {
            throw new DatabaseException(DatabaseFault.Late, $"the deletion of {Count} keys was taken back: it took too long");
        }
    }
}

/// <summary>Live keys that follow each other, added up.</summary>
/// <param name="First">The first key, or one between it and the key before.</param>
/// <param name="Last">The last key.</param>
/// <param name="Count">Of keys, from 1.</param>
/// <param name="KeyBytes">Of their names.</param>
/// <param name="ValueBytes">Of their values.</param>
internal sealed record KeySlice(ReadOnlyMemory<byte> First, byte[] Last, long Count, long KeyBytes, long ValueBytes);
