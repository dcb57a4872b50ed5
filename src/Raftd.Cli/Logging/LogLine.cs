using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Raftd.Cli.Logging;

/// <summary>
/// One log line before it is formatted; the values are those named in the message, in its order.
/// </summary>
internal readonly record struct LogLine(
    DateTimeOffset Time,
    LogLevel Level,
    string Category,
    EventId Event,
    string Message,
    IReadOnlyList<KeyValuePair<string, object?>> Values,
    Exception? Exception)
{
    /// <summary>The key under which the framework passes the message's template; not a value.</summary>
    public const string TemplateKey = "{OriginalFormat}";

    /// <summary>The event's name, or the category if it has none.</summary>
    public string EventName => Event.Name ?? Category[(Category.LastIndexOf('.') + 1)..];

    /// <summary>UTC with milliseconds, as both forms write it.</summary>
    public string TimeText =>
        Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public string LevelName => Level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };
}
