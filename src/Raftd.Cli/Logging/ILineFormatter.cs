namespace Raftd.Cli.Logging;

/// <summary>
/// Gives a log line its bytes, newline included. Called on the thread that logs, by several at once.
/// </summary>
internal interface ILineFormatter
{
    byte[] Format(in LogLine line);
}
