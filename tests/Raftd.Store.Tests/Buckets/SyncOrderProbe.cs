using System.Diagnostics;
using System.Runtime.CompilerServices;
using Raftd.Store.Buckets;

namespace Raftd.Store.Tests.Buckets;

/// <summary>This test program run once more under strace: makes a state, commits to it, puts another in its place, exits.
/// </summary>
internal static class SyncOrderProbe
{
    public const int Commits = 20;

    private const string Strace = "/usr/bin/strace";
    private const string PathVariable = "RAFTD_STORE_TESTS_SYNC_ORDER";

    /// <summary>Its system calls on files, one a line, in the order in which they began. One thread alone makes those that
    /// count, so none of them is interrupted in the trace by another.</summary>
    public static string[] Trace(string dataDirectory, string tracePath)
    {
        Assert.SkipUnless(File.Exists(Strace), $"{Strace} is not installed");
        using var process = Process.Start(new ProcessStartInfo(
            Strace,
            [
                "-f", "-y", "-qq", "-s", "0", "-e", "trace=openat,write,writev,pwrite64,fsync,fdatasync,rename,renameat,renameat2",
                "-o", tracePath, Path.Combine(AppContext.BaseDirectory, "Raftd.Store.Tests"),
            ])
        {
            Environment = { [PathVariable] = dataDirectory },
        })!;
        process.WaitForExit();
        var calls = File.ReadAllLines(tracePath);
        Assert.SkipWhen(calls.Length == 0 && process.ExitCode != 0, "strace may not trace here");
        Assert.Equal(0, process.ExitCode);
        return calls;
    }

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        if (Environment.GetEnvironmentVariable(PathVariable) is { } path)
        {
            Run(path);
            Environment.Exit(0);
        }
    }

    private static void Run(string path)
    {
        using var directory = StateDirectory.Open(path);
        for (byte i = 0; i < Commits; i++)
        {
            directory.Current.Put(Bucket.Revisions, [i], new byte[i * 1000]);
        }

        directory.BeginInstall().Put(Bucket.Meta, [1], [1]);
        directory.CompleteInstall();
        directory.Current.Put(Bucket.Meta, [2], [2]);
    }
}
