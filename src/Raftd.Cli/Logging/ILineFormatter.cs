namespace Raftd.Cli.Logging;

/// <summary>
/// Turns a log line into bytes, newline included. Called on the threads that log, several at once.
/// </summary>
internal interface ILineFormatter
{
    byte[] Format(in LogLine line);
}
