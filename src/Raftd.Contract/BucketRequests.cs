// Buckets: keyspaces beside each other, each with its own revisions, leases, watches, leader and cluster id. Nothing spans two of
// them: no transaction, no revision, no order of events.

using System.Diagnostics.CodeAnalysis;

namespace Raftd.Contract;

/// <summary>What a bucket may be called.</summary>
public static class BucketNames
{
    /// <summary>The one that every store has, and that is meant where none is named.</summary>
    public const string Default = "default";

    public const int MaxLength = 63;

    /// <summary>What <see cref="IsName"/> takes, for errors.</summary>
    public const string Wanted = "a name has 1 to 63 of the characters a-z, 0-9 and -";

    public static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterLower(character) && !char.IsAsciiDigit(character) && character != '-')
            {
                return false;
            }
        }

        return text.Length is >= 1 and <= MaxLength;
    }

    /// <summary>What is wrong with a name; null for nothing.</summary>
    public static string? Problem(string text) => IsName(text) ? null : $"{Shown(text)} is no name of a bucket: {Wanted}";

    /// <summary>What is answered in the place of a bucket that is not there.</summary>
    public static StoreException NotFound(string name) => new(
        ErrorCode.BucketNotFound, $"there is no bucket `{name}`", $"make it with PUT /buckets/{name}; GET /buckets lists those there are");

    [DoesNotReturn]
    public static void ThrowKept() => throw new StoreException(
        ErrorCode.Conflict, $"the bucket `{Default}` cannot be removed", "delete its keys: DELETE /key/?all=1");

    private static string Shown(string text) => text.Length <= MaxLength ? $"`{text}`" : $"a text of {text.Length} characters";
}

/// <summary>A bucket, as the store that answers knows it.</summary>
public sealed record BucketStatus
{
    public required string Name { get; init; }

    /// <summary>Never used again for another one.</summary>
    public required long Id { get; init; }

    public required ulong ClusterId { get; init; }

    public required long Revision { get; init; }

    public required long KeyCount { get; init; }

    /// <summary>Of its leader; 0 while there is none.</summary>
    public required ulong Leader { get; init; }
}

/// <summary>What is asked of one bucket.</summary>
public sealed record BucketServices
{
    public required string Name { get; init; }

    public required IKeyValueService Keys { get; init; }

    public required ILeaseService Leases { get; init; }

    public required IWatchService Watches { get; init; }

    public required IClusterService Cluster { get; init; }

    public required IGroupService Group { get; init; }

    public required IMaintenanceService Maintenance { get; init; }

    public required IListService Lists { get; init; }
}
