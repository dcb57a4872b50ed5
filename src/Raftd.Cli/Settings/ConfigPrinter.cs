namespace Raftd.Cli.Settings;

/// <summary><c>-print-config</c>: every setting with its origin, in a form that <c>-config</c> reads again.</summary>
internal static class ConfigPrinter
{
    private const int OriginColumn = 44;

    public static void Print(TextWriter stdout, SettingSources sources)
    {
        foreach (var flag in Flags.Settings)
        {
            var (text, origin) = sources[flag];
            var line = text.Length == 0 ? $"# {flag.Name}: not set"
                : flag.Shown(text) is { } shown ? $"{flag.Name}: {Quote(shown)}"
                : $"# {flag.Name}: set, not shown";
            stdout.WriteLine($"{line.PadRight(OriginColumn)} # {origin}");
        }
    }

    /// <summary>Quotes any text that YAML might read as something else.</summary>
    private static string Quote(string text)
    {
        var plain = char.IsAsciiLetterOrDigit(text[0]) || text[0] == '/';
        return plain && text.All(c => char.IsAsciiLetterOrDigit(c) || "._-/:".Contains(c))
            ? text
            : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
