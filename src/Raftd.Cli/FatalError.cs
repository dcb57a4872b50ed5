using System.Net.Sockets;
using Raftd.Cli.Settings;
using Raftd.Tls;

namespace Raftd.Cli;

/// <summary>A reason to end the process: its exit code, what happened and what the operator can do.</summary>
internal sealed record FatalError(ExitCode Code, string What, string ToDo)
{
    // errno values, as .NET passes them on in IOException.HResult on Linux.
    private const int NoSpace = 28;
    private const int ReadOnlyFileSystem = 30;
    private const int QuotaExceeded = 122;

    /// <summary>The one line on stderr, without its newline; line breaks inside are flattened.</summary>
    public string Line => Flatten($"raftd: {What}: {ToDo}");

    /// <summary>Finds the reason behind an exception that reached the top; the outermost known cause wins.</summary>
    public static FatalError From(Exception exception, ServerSettings settings)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (Known(cause, settings) is { } known)
            {
                return known;
            }
        }

        return new FatalError(
            ExitCode.StartFailed,
            $"{exception.GetType().Name}: {exception.Message}",
            "see the log lines above; if they do not explain it, please report it as a bug");
    }

    private static FatalError? Known(Exception cause, ServerSettings settings) => cause switch
    {
        FatalException fatal => fatal.Error,
        TlsFilesException files => new FatalError(ExitCode.Usage, files.Message, files.ToDo),
        DllNotFoundException => new FatalError(
            ExitCode.LibraryMissing, cause.Message, "install it with 'apt-get install liblmdb0' (Debian, Ubuntu)"),
        SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse } => new FatalError(
            ExitCode.AddressInUse,
            $"{Addresses(settings)} is already in use",
            "stop the other process ('ss -ltnp' names it) or choose another port"),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } => new FatalError(
            ExitCode.AddressInUse,
            $"{Addresses(settings)} is not an address of this machine",
            "listen on one of its addresses ('ip address'), or on all with ':port'"),
        UnauthorizedAccessException or DirectoryNotFoundException => Unusable(cause, settings),
        IOException { HResult: NoSpace or QuotaExceeded } => new FatalError(
            ExitCode.DiskFull, $"no space left for {settings.DataDirectory}", "free some space and start again"),
        IOException { HResult: ReadOnlyFileSystem } => Unusable(cause, settings),
        InvariantViolationException => Broken(cause.Message),
        _ => null,
    };

    /// <summary>What was impossible has happened.</summary>
    public static FatalError Broken(string what) => new(
        ExitCode.InvariantBroken, $"a broken invariant: {what}", "a bug or a broken machine; keep the log and report it, then start again");

    private static string Addresses(ServerSettings settings) => settings.Store is null
        ? $"-haddr {settings.HttpAddress} or -raddr {settings.RaftAddress}"
        : $"-haddr {settings.HttpAddress}";

    private static FatalError Unusable(Exception cause, ServerSettings settings) => new(
        ExitCode.DataDirectoryUnusable,
        $"the data directory {settings.DataDirectory} cannot be used ({cause.Message})",
        "give the server's user read and write rights on it, or name another");

    private static string Flatten(string text) => text.ReplaceLineEndings(" ");
}
