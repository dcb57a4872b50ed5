using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Raftd.Cli.Logging;

namespace Raftd.Cli;

/// <summary>The two ways out: a line on stderr and a code to return, or an end at once from any thread.</summary>
internal static partial class ProcessEnd
{
    /// <summary>How long the queue of log lines may take to drain before the process ends without it.</summary>
    public static readonly TimeSpan LogDrainLimit = TimeSpan.FromSeconds(2);

    /// <summary>Prints the one line of a fatal exit; the caller returns the code from Main.</summary>
    public static ExitCode Report(TextWriter stderr, FatalError error)
    {
        stderr.WriteLine(error.Line);
        stderr.Flush();
        return error.Code;
    }

    /// <summary>
    /// Ends the process now, from any thread: drains the log within a time limit, prints the line, and runs nothing else.
    /// </summary>
    /// <remarks>
    /// <c>_exit</c> and not <c>Environment.Exit</c>: no finaliser, exit handler or other thread can delay the end, and
    /// neither can a reader of stderr that does not read. Other threads run on while the log drains, so the caller first makes
    /// its failure sticky (no sync succeeds after a failed one), which keeps them from acknowledging anything.
    /// </remarks>
    [DoesNotReturn]
    public static void Now(FatalError error, ServerLog log)
    {
        EndLatest(error.Code);
        try
        {
            log.Close(LogDrainLimit);
            Report(Console.Error, error);
        }
        finally
        {
            ExitNow((int)error.Code);
        }

        throw new UnreachableException();
    }

    private static void EndLatest(ExitCode code)
    {
        var guard = new Thread(() =>
        {
            Thread.Sleep(LogDrainLimit + LogDrainLimit);
            ExitNow((int)code);
        });
        guard.IsBackground = true;
        guard.Start();
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);
}
