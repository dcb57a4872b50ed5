using Raftd.Contract;

namespace Raftd.Node.Backups;

/// <summary>Where this member puts its scheduled backups, how often, and how many of them stay.</summary>
public sealed record BackupOptions
{
    /// <summary>A full path. Made if it is not there, but not the directory that it is in.</summary>
    public required string Directory { get; init; }

    public TimeSpan Interval { get; init; } = Bounds.BackupInterval.Default;

    /// <summary>The newest ones, at least one.</summary>
    public int Kept { get; init; } = Bounds.BackupsKept.Default;

    /// <summary>Written in one step. 1 MiB unless set, a few milliseconds of any disk.</summary>
    public int SliceBytes { get; init; } = 1 << 20;
}
