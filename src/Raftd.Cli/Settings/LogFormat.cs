namespace Raftd.Cli.Settings;

/// <summary>The form of the log lines.</summary>
internal enum LogFormat
{
    /// <summary>For people: time, level, event, message, key=value.</summary>
    Text,

    /// <summary>For machines: one JSON object a line.</summary>
    Json,
}
