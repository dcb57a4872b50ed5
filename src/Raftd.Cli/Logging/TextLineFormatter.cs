using System.Globalization;
using System.Text;

namespace Raftd.Cli.Logging;

/// <summary>
/// For people and grep: <c>2026-05-04T10:20:30.405Z warn  NoPassword(103) Nothing asks … HttpAddress=:7200</c>.
/// Always one line: line breaks inside are escaped.
/// </summary>
internal sealed class TextLineFormatter : ILineFormatter
{
    [ThreadStatic]
    private static StringBuilder? _scratch;

    public byte[] Format(in LogLine line)
    {
        var text = (_scratch ??= new StringBuilder(256)).Clear();
        text.Append(line.TimeText);
        text.Append(' ').Append(line.LevelName.PadRight(5)).Append(' ').Append(line.EventName);
        text.Append('(').Append(line.Event.Id).Append(") ");
        AppendEscaped(text, line.Message, quoted: false);
        foreach (var (key, value) in line.Values)
        {
            if (key != LogLine.TemplateKey)
            {
                AppendValue(text, key, value is null ? "null" : $"{value}");
            }
        }

        if (line.Exception is { } exception)
        {
            AppendValue(text, "exception", exception.ToString());
        }

        return Encoding.UTF8.GetBytes(text.Append('\n').ToString());
    }

    private static void AppendValue(StringBuilder text, string key, string value)
    {
        text.Append(' ').Append(key).Append('=');
        if (value.Length > 0 && !value.Any(c => c is '"' or '=' || char.IsWhiteSpace(c) || char.IsControl(c)))
        {
            text.Append(value);
            return;
        }

        text.Append('"');
        AppendEscaped(text, value, quoted: true);
        text.Append('"');
    }

    private static void AppendEscaped(StringBuilder text, string value, bool quoted)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '"' when quoted => text.Append("\\\""),
                '\\' when quoted => text.Append("\\\\"),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => text.Append(c),
            };
        }
    }
}
