namespace Raftd.Cli;

/// <summary>What <c>raftd snapshot</c> is asked to do: exactly one of these.</summary>
internal abstract record SnapshotOptions(string File)
{
    /// <summary>Fetches a backup from a member, and checks it before it gets its name.</summary>
    public sealed record Save(string File, MemberEndpoint From) : SnapshotOptions(File);

    /// <summary>Checks a backup and says what it holds.</summary>
    public sealed record Status(string File) : SnapshotOptions(File);

    /// <summary>Makes the first member of a new cluster of it.</summary>
    /// <param name="File">The backup.</param>
    /// <param name="DataDirectory">Of the member; missing or empty.</param>
    /// <param name="Label">What the member will be started with as -id.</param>
    /// <param name="RaiseRevisionBy">0 goes on with the backup's revision.</param>
    public sealed record Restore(string File, string DataDirectory, string Label, long RaiseRevisionBy) : SnapshotOptions(File);
}
