using System.Collections;

namespace Raftd.Cli.Settings;

/// <summary>Decides for each setting which source counts: flag, then variable, then file, then default.</summary>
internal sealed class SettingSources
{
    public const string FromFlag = "flag";
    public const string FromDefault = "default";

    private readonly Dictionary<Flag, SettingValue> _values = [];
    private readonly List<string> _problems = [];

    /// <summary>Merges the sources; a pure function except for reading the file that they name.</summary>
    /// <param name="given">The flags of the command line.</param>
    /// <param name="environment">The whole environment.</param>
    /// <param name="hostName">The default of <c>-id</c>.</param>
    public SettingSources(
        IReadOnlyDictionary<Flag, string> given, IReadOnlyDictionary<string, string> environment, string hostName)
    {
        var file = ReadFile(given, environment);
        foreach (var flag in Flags.Settings)
        {
            var standard = flag == Flags.Id ? hostName : flag.Default;
            _values[flag] =
                given.TryGetValue(flag, out var text) ? new SettingValue(text, FromFlag)
                : Variable(environment, flag) is { } value ? new SettingValue(value, flag.Variable)
                : file.TryGetValue(flag, out var line) ? line
                : new SettingValue(standard, FromDefault);
        }

        UnknownVariables = FindUnknownVariables(environment);
    }

    /// <summary>Errors of the sources themselves: an unreadable configuration file, or unknown keys in it.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>
    /// RAFTD_ variables that are not settings. They are a warning and not an error: the environment is shared with other
    /// programs, and a variable of a newer release must not keep an older one from starting.
    /// </summary>
    public IReadOnlyList<string> UnknownVariables { get; }

    public SettingValue this[Flag flag] => _values[flag];

    public static SettingSources FromProcess(CommandLine line)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            environment[(string)variable.Key] = (string?)variable.Value ?? "";
        }

        return new SettingSources(line.Given, environment, Environment.MachineName);
    }

    /// <summary>Null when the variable is not set; an empty one counts as not set, as in unit files.</summary>
    private static string? Variable(IReadOnlyDictionary<string, string> environment, Flag flag) =>
        environment.TryGetValue(flag.Variable, out var text) && text.Length > 0 ? text : null;

    private IReadOnlyDictionary<Flag, SettingValue> ReadFile(
        IReadOnlyDictionary<Flag, string> given, IReadOnlyDictionary<string, string> environment)
    {
        var path = given.GetValueOrDefault(Flags.Config) ?? Variable(environment, Flags.Config);
        return path is null ? new Dictionary<Flag, SettingValue>() : ConfigFile.Read(path, _problems);
    }

    private static List<string> FindUnknownVariables(IReadOnlyDictionary<string, string> environment) =>
    [
        .. environment.Keys
            .Where(name => name.StartsWith("RAFTD_", StringComparison.Ordinal))
            .Except(Flags.Settings.Select(flag => flag.Variable), StringComparer.Ordinal)
            .Except(Flags.OtherVariables, StringComparer.Ordinal)
            .Order(StringComparer.Ordinal),
    ];
}
