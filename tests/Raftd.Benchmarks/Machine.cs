using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Raftd.Wal;

namespace Raftd.Benchmarks;

/// <summary>What the figures were measured on.</summary>
internal static class Machine
{
    private const int Syncs = 300;
    private const int SyncBytes = 4096;

    public static string LoadAverage => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    /// <summary>Figures of a file system in memory would be about something else.</summary>
    public static void RequireDisk(string directory)
    {
        Directory.CreateDirectory(directory);
        var mount = MountOf(directory);
        if (mount.Kind is "tmpfs" or "ramfs" or "overlay")
        {
            throw new BenchmarkException($"{directory} is on {mount.Kind}, which is no disk: name another with --data");
        }
    }

    /// <summary>Installs what is missing, where that is allowed.</summary>
    /// <exception cref="BenchmarkException">The program is missing and could not be installed.</exception>
    public static void RequireProgram(string program, string package)
    {
        if (!Exists(program) && Environment.UserName == "root" && File.Exists("/usr/bin/apt-get"))
        {
            Console.WriteLine($"installing {package}");
            using var install = Process.Start("apt-get", ["install", "-yq", package]);
            install.WaitForExit();
        }

        if (!Exists(program))
        {
            throw new BenchmarkException($"{program} is missing: run 'sudo apt-get install {package}'");
        }
    }

    public static void Print(BenchmarkOptions options)
    {
        var mount = MountOf(options.DataDirectory);
        var (median, worst) = MeasureSync(options.DataDirectory);
        Console.WriteLine($"machine     {Environment.ProcessorCount} cores, {Processor()}, {MemoryMegabytes():N0} MB");
        Console.WriteLine($"kernel      {File.ReadAllText("/proc/sys/kernel/osrelease").Trim()}, {RuntimeInformation.FrameworkDescription}");
        Console.WriteLine($"disk        {mount.Device} {mount.Kind} ({mount.Options})");
        Console.WriteLine($"            pwrite of {SyncBytes} bytes + fdatasync, preallocated: median {median:0.000} ms, p99 {worst:0.000} ms");
        Console.WriteLine("durability  fdatasync before every acknowledgement, one for each batch (the only setting there is)");
        Console.WriteLine(
            $"payload     {options.ValueBytes}-byte values over {options.Keys:N0} keys, {options.Connections} connections, "
            + $"wrk with {options.Threads} thread(s) on the same cores, {options.Rounds} rounds of {options.Seconds} s");
        Console.WriteLine($"load        {LoadAverage} before the first round");
        Console.WriteLine();
    }

    private static bool Exists(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    private static (double MedianMs, double P99Ms) MeasureSync(string directory)
    {
        var path = Path.Combine(directory, "sync-probe");
        var files = new PosixFileSystem();
        var data = new byte[SyncBytes];
        var times = new double[Syncs];
        using (var file = files.Open(path, FileOpenMode.OpenOrCreate))
        {
            file.Preallocate(Syncs * SyncBytes);
            file.Sync();
            for (var i = 0; i < Syncs; i++)
            {
                var start = Stopwatch.GetTimestamp();
                file.Write(i * SyncBytes, data);
                file.SyncData();
                times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
        }

        files.Delete(path);
        Array.Sort(times);
        return (times[Syncs / 2], times[Syncs * 99 / 100]);
    }

    /// <summary>The mount with the longest path that holds the directory.</summary>
    private static (string Device, string Kind, string Options) MountOf(string directory)
    {
        var best = (Path: "", Device: "?", Kind: "?", Options: "?");
        foreach (var line in File.ReadLines("/proc/mounts"))
        {
            var fields = line.Split(' ');
            var holds = fields[1] == "/" || directory == fields[1] || directory.StartsWith(fields[1] + "/", StringComparison.Ordinal);
            if (holds && fields[1].Length >= best.Path.Length)
            {
                best = (fields[1], fields[0], fields[2], fields[3]);
            }
        }

        return (best.Device, best.Kind, best.Options);
    }

    private static string Processor() => Field("/proc/cpuinfo", "model name") ?? "?";

    private static long MemoryMegabytes() =>
        long.Parse(Field("/proc/meminfo", "MemTotal")!.Split(' ')[0], CultureInfo.InvariantCulture) / 1024;

    private static string? Field(string file, string name) => File.ReadLines(file)
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())
        .FirstOrDefault();
}
