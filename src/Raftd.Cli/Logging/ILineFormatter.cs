namespace Raftd.Cli.Logging;

/// <summary>Gives a log line its bytes, newline included. Called on the logging thread of the caller, by many at once.</summary>
internal interface ILineFormatter
{
    byte[] Format(in LogLine line);
}
