namespace Raftd.Cli.Moving;

/// <summary>A line of an export: exactly one of these.</summary>
internal abstract record ExportItem
{
    /// <summary>The first line.</summary>
    /// <param name="Version">Of the format.</param>
    public sealed record Head(int Version, string Cluster, long Revision) : ExportItem;

    /// <summary>Before the first key that has the lease.</summary>
    public sealed record Lease(MovedLease Value) : ExportItem;

    /// <summary>As lists have it.</summary>
    public sealed record Key(MovedKey Value) : ExportItem;

    /// <summary>The last line: an export without it is cut short.</summary>
    /// <param name="Digest">SHA-256 of all lines before this one, in hex.</param>
    public sealed record End(long Keys, long Leases, string Digest) : ExportItem;

    /// <summary>What ends a list that its member could not finish.</summary>
    public sealed record Failure(string Text) : ExportItem;
}
