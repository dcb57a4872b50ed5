using Raftd.Cli.Settings;

namespace Raftd.Cli.Tests;

/// <summary>Settings from a command line, without this process's environment.</summary>
internal static class Given
{
    private static readonly Dictionary<string, string> NoEnvironment = new(StringComparer.Ordinal);

    public static SettingSources Sources(string line, IReadOnlyDictionary<string, string>? environment = null) =>
        new(CommandLine.Parse(Words(line)).Given, environment ?? NoEnvironment, "the-host");

    /// <summary>The settings of a line that must have no problem.</summary>
    public static ServerSettings Settings(string line)
    {
        var (settings, problems) = SettingsReader.Read(Sources(line));
        Assert.Empty(problems);
        return settings;
    }

    public static IReadOnlyList<string> Problems(string line) => SettingsReader.Read(Sources(line)).Problems;

    public static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
