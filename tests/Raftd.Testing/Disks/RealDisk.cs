using System.Diagnostics;
using Raftd.Wal;

namespace Raftd.Testing.Disks;

/// <summary>Where tests that are about disks keep their data: RAFTD_TEST_DIR, or /var/tmp, which a reboot does not empty.</summary>
public static class RealDisk
{
    /// <summary>No disk that keeps a promise answers faster; memory does.</summary>
    public static readonly TimeSpan FreeSync = TimeSpan.FromMicroseconds(20);

    private const int MeasuredSyncs = 51;
    private static readonly string[] InMemory = ["tmpfs", "ramfs"];

    public static string Root { get; } = Environment.GetEnvironmentVariable("RAFTD_TEST_DIR") is { Length: > 0 } chosen
        ? chosen
        : "/var/tmp";

    /// <exception cref="InvalidOperationException">The folder lies in memory: a sync there says nothing.</exception>
    public static string NewFolder(string prefix)
    {
        Directory.CreateDirectory(Root);
        var format = new DriveInfo(Root).DriveFormat;
        if (InMemory.Contains(format, StringComparer.Ordinal))
        {
            throw new InvalidOperationException(
                $"{Root} is a {format}, and these tests are about disks: set RAFTD_TEST_DIR to a folder on one");
        }

        var path = Path.Combine(Root, prefix + Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal));
        Directory.CreateDirectory(path);
        return path;
    }

    /// <summary>Measures an fdatasync of a write of 4 KiB in the folder.</summary>
    /// <returns>The median.</returns>
    /// <exception cref="InvalidOperationException">It costs nothing, so it does nothing.</exception>
    public static TimeSpan RequireRealSync(string folder)
    {
        var median = MedianSync(Path.Combine(folder, "sync-probe"));
        return median >= FreeSync ? median : throw new InvalidOperationException(
            $"fdatasync in {folder} takes {median.TotalMicroseconds} us: it is free, so it says nothing; "
            + "set RAFTD_TEST_DIR to a folder on a real disk");
    }

    private static TimeSpan MedianSync(string path)
    {
        var files = new PosixFileSystem();
        var block = new byte[4096];
        var times = new List<TimeSpan>();
        using (var file = files.Open(path, FileOpenMode.CreateNew))
        {
            for (var i = 0; i < MeasuredSyncs; i++)
            {
                file.Write((long)i * block.Length, block);
                var started = Stopwatch.GetTimestamp();
                file.SyncData();
                times.Add(Stopwatch.GetElapsedTime(started));
            }
        }

        files.Delete(path);
        times.Sort();
        return times[MeasuredSyncs / 2];
    }
}
