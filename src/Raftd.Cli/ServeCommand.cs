using Raftd.Cli.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli;

/// <summary><c>raftd [serve]</c>: settings, then log and signals, then the server, then one exit code.</summary>
internal static class ServeCommand
{
    public static async Task<ExitCode> RunAsync(CommandLine line, TextWriter stdout, TextWriter stderr)
    {
        var sources = SettingSources.FromProcess(line);
        var (settings, problems) = SettingsReader.Read(sources);
        if (line.Given.ContainsKey(Flags.PrintConfig))
        {
            ConfigPrinter.Print(stdout, sources);
        }

        if (problems.Count > 0)
        {
            return ProcessEnd.Report(
                stderr, new FatalError(ExitCode.Usage, string.Join("; ", problems), "'raftd help' lists the flags"));
        }

        return line.Given.ContainsKey(Flags.PrintConfig)
            ? ExitCode.Ok
            : await ServeAsync(settings, sources.UnknownVariables, stderr);
    }

    private static async Task<ExitCode> ServeAsync(
        ServerSettings settings, IReadOnlyList<string> unknownVariables, TextWriter stderr)
    {
        using var log = ServerLog.ToStandardError(settings);
        using var loggers = log.CreateFactory(settings.LogLevel);
        var logger = loggers.CreateLogger("Raftd.Cli");
        using var signals = new StopSignals(signal => CliLog.StopRequested(logger, signal));
        foreach (var variable in unknownVariables)
        {
            CliLog.UnknownVariable(logger, variable);
        }

        try
        {
            return await Serve.RunAsync(settings, log, loggers, signals.Token);
        }
        catch (Exception exception) // the top of the process: any exception becomes one line and one exit code
        {
            var fatal = FatalError.From(exception, settings);
            log.Close(ProcessEnd.LogDrainLimit);
            return ProcessEnd.Report(stderr, fatal);
        }
    }
}
