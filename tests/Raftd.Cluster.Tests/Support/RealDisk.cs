namespace Raftd.Cluster.Tests.Support;

/// <summary>Where the members of the tests keep their data: RAFTD_TEST_DIR, or /var/tmp, which a reboot does not empty.</summary>
internal static class RealDisk
{
    private static readonly string[] InMemory = ["tmpfs", "ramfs"];

    public static string Root { get; } = Environment.GetEnvironmentVariable("RAFTD_TEST_DIR") is { Length: > 0 } chosen
        ? chosen
        : "/var/tmp";

    /// <exception cref="InvalidOperationException">The folder lies in memory: a sync there says nothing.</exception>
    public static string NewFolder()
    {
        Directory.CreateDirectory(Root);
        var format = new DriveInfo(Root).DriveFormat;
        if (InMemory.Contains(format, StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{Root} is a {format}, and these tests are about disks: set RAFTD_TEST_DIR to a folder on one");
        }

        var path = Path.Combine(Root, "raftd-cluster-" + Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal));
        Directory.CreateDirectory(path);
        return path;
    }
}
