using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing.Processes;

namespace Raftd.Store.Tests.Buckets;

/// <summary>This test program run once more under strace: makes a state, commits to it, puts another in its place, exits.
/// </summary>
internal static class StateProbe
{
    private const string Strace = "/usr/bin/strace";
    private const string Variable = "RAFTD_STORE_TESTS_PROBE";
    private const string Committed = "committed ";
    private const string Installed = "installed";
    private const string Failed = "failed ";
    private const int FailedExitCode = 3;

    /// <summary>Its system calls on files, one a line, in the order in which they began. One thread alone makes those that
    /// count, so none of them is interrupted in the trace by another.</summary>
    /// <param name="dataDirectory">Where the state is made.</param>
    /// <param name="tracePath">A file for strace.</param>
    /// <param name="commits">Before another state takes the place of this one.</param>
    /// <param name="calls">To be seen, by name, with commas between.</param>
    public static async Task<string[]> TraceAsync(string dataDirectory, string tracePath, int commits, string calls)
    {
        var run = await RunAsync(dataDirectory, commits, ["-y", "-s", "0", "-e", $"trace={calls}", "-o", tracePath]);
        var trace = File.ReadAllLines(tracePath);
        Assert.SkipWhen(trace.Length == 0 && run.ExitCode != 0, "strace may not trace here");
        Assert.True(run.ExitCode == 0, run.ToString());
        return trace;
    }

    /// <summary>One system call fails, as if by a bad disk.</summary>
    /// <param name="dataDirectory">Where the state is made.</param>
    /// <param name="paths">Calls on these are counted.</param>
    /// <param name="commits">Before another state takes the place of this one.</param>
    /// <param name="call">By name.</param>
    /// <param name="number">Which of them fails, from 1.</param>
    /// <param name="fault">As strace has it: error=EIO, or retval=7 for a write that took seven bytes of what it was given.</param>
    public static Task<Outcome> FailAsync(
        string dataDirectory, IEnumerable<string> paths, int commits, string call, int number, string fault) => RunAsync(
        dataDirectory,
        commits,
        [
            .. paths.SelectMany(path => (string[])["-P", path]), "-e", $"trace={call}",
            "-e", string.Create(CultureInfo.InvariantCulture, $"inject={call}:{fault}:when={number}"), "-o", "/dev/null",
        ]);

    [ModuleInitializer]
    internal static void RunIfChild()
    {
        if (Environment.GetEnvironmentVariable(Variable)?.Split(' ', 2) is [var commits, var path])
        {
            Environment.Exit(Run(path, int.Parse(commits, CultureInfo.InvariantCulture)));
        }
    }

    private static async Task<Outcome> RunAsync(string dataDirectory, int commits, string[] options)
    {
        Assert.SkipUnless(File.Exists(Strace), $"{Strace} is not installed");
        var run = await Subprocess.RunAsync(
            new ProcessStartInfo(Strace, ["-f", "-qq", .. options, Subprocess.ThisProgram])
            {
                Environment = { [Variable] = string.Create(CultureInfo.InvariantCulture, $"{commits} {dataDirectory}") },
            });
        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return new Outcome(
            run.Code,
            lines.Count(line => line.StartsWith(Committed, StringComparison.Ordinal)),
            lines.Contains(Installed, StringComparer.Ordinal),
            run.Code == FailedExitCode ? lines[^1] : "",
            run.Error);
    }

    private static int Run(string path, int commits)
    {
        try
        {
            using var directory = StateDirectory.Open(path);
            for (var i = 0; i < commits; i++)
            {
                directory.Current.Put(Bucket.Revisions, [(byte)i], new byte[i * 1000]);
                Console.WriteLine($"{Committed}{i}");
            }

            directory.BeginInstall().Put(Bucket.Meta, [1], [1]);
            directory.TryCompleteInstall();
            Console.WriteLine(Installed);
            directory.Current.Put(Bucket.Meta, [2], [2]);
            return 0;
        }
        catch (BucketStoreException failure)
        {
            Console.WriteLine($"{Failed}{failure.Fault} {failure.Message}");
            return FailedExitCode;
        }
    }

    /// <param name="ExitCode">0, or another if it failed as it should or as it should not.</param>
    /// <param name="Commits">Of the first state: so many were told to have succeeded.</param>
    /// <param name="IsInstalled">The second state was told to have taken the place of the first.</param>
    /// <param name="Failure">The error that ended it, where it is one of the store.</param>
    /// <param name="Errors">Anything else it said.</param>
    internal sealed record Outcome(int ExitCode, int Commits, bool IsInstalled, string Failure, string Errors);
}
