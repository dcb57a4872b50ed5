using System.Diagnostics;
using System.Globalization;
using Raftd.PowerLoss.Tests.Replaying;
using Raftd.Testing.Processes;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>Runs a workload of this program under strace, with the data of every call that can change a file.</summary>
internal static class Recorder
{
    /// <summary>First argument of a recorded process.</summary>
    public const string Switch = "--record";

    // More than any one write has; a string that was cut is noticed by the reader.
    private const int LongestString = 2 << 20;

    /// <summary>All calls that open, name, write, size or sync, and those that would do it behind the recorder's back:
    /// what <see cref="TraceDisk"/> does not know is an error there, not a gap.</summary>
    private const string Calls =
        "open,openat,openat2,creat,close,dup,dup2,dup3,fcntl,lseek,write,pwrite64,writev,pwritev,pwritev2,ftruncate,truncate,"
        + "fallocate,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,symlink,symlinkat,"
        + "fsync,fdatasync,sync,syncfs,sync_file_range,msync,mmap,sendfile,copy_file_range,splice,io_uring_setup";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    /// <summary>Why nothing can be recorded here; null where it can.</summary>
    public static string? WhyNot()
    {
        try
        {
            var tried = Run("strace", ["-f", "-o", "/dev/null", "true"]);
            return tried.Code == 0 ? null : $"strace may not trace here: {tried.Error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return $"strace is missing ({missing.Message}): apt-get install strace";
        }
    }

    public static string TraceOf(string folder, int life) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trace.{life}"));

    /// <summary>One life of the workload's process.</summary>
    /// <param name="workload">See <see cref="Workloads"/>.</param>
    /// <param name="folder">Holds the data directory, the notes and the trace.</param>
    /// <param name="life">Number of this process in the folder, from 1.</param>
    /// <param name="kill">The call at which it is killed, before the call is done, as "fdatasync" and how many of one thread
    /// went before; null lets it end.</param>
    /// <exception cref="RecordingException">It did not end as it should.</exception>
    public static IReadOnlyList<TraceEvent> Record(string workload, string folder, int life, (string Call, int Number)? kill)
    {
        var trace = TraceOf(folder, life);
        List<string> arguments =
        [
            "-f", "-qq", "-xx", "-s", LongestString.ToString(CultureInfo.InvariantCulture), "-o", trace, "-e", $"trace={Calls}",
            "-e", "signal=none", .. Killing(kill),
            Subprocess.ThisProgram, Switch, workload, folder, life.ToString(CultureInfo.InvariantCulture),
        ];
        var run = Run("strace", arguments);
        const int Killed = 128 + 9;
        if (run.Code != (kill is null ? 0 : Killed))
        {
            throw new RecordingException($"the recorded {workload} ended with {run.Code}: {run.Error}");
        }

        try
        {
            return StraceReader.Read(trace);
        }
        catch (InvalidDataException unreadable)
        {
            // Seen once: the kill came while strace wrote a line.
            throw new RecordingException(unreadable.Message);
        }
    }

    /// <remarks>--seccomp-bpf stops the process at the traced calls alone, but strace then sends no signals.</remarks>
    private static string[] Killing((string Call, int Number)? kill) => kill is { } at
        ? ["-e", string.Create(CultureInfo.InvariantCulture, $"inject={at.Call}:signal=SIGKILL:when={at.Number}")]
        : ["--seccomp-bpf"];

    private static Subprocess Run(string program, IReadOnlyList<string> arguments) =>
        Subprocess.RunAsync(new ProcessStartInfo(program, arguments), Patience).GetAwaiter().GetResult();
}
