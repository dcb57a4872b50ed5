// The log of the process: lines on stderr, written by a thread of its own.
//
// The naive way is to write to the stream where the event happens. A pipe whose reader does not read then stops the
// replica's loop in the middle of a heartbeat, and a slow terminal costs an election. So:
//
//   1. The caller formats the line (its values may change afterwards) and offers it to a bounded queue.
//   2. Queue full: the line is dropped and counted; the caller never waits.
//   3. The writer thread takes all queued lines, writes them in one call, and reports the number of lost lines once it can.
//   4. Close drains the queue within a time limit; later lines are ignored.

using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Raftd.Cli.Settings;

namespace Raftd.Cli.Logging;

/// <summary>Hands log lines to a stream without ever waiting for it.</summary>
internal sealed class ServerLog : ILoggerProvider
{
    /// <summary>Lines that may wait: several seconds of a chatty start, a few megabytes.</summary>
    public const int QueueCapacity = 8192;

    /// <summary>
    /// Lines above this are cut, which bounds the queue in bytes too (an exception's text may be long).
    /// </summary>
    public const int MaxLineBytes = 16 * 1024;

    /// <summary>Id of the event that tells how many lines were lost.</summary>
    private static readonly EventId LinesLost = new(199, nameof(LinesLost));

    /// <summary>ASP.NET's category that tells of each request's begin and end, below warnings. While it takes any level, each
    /// request gets an activity with a random id, and every wait of the request carries it along: a tenth of a GET's time.</summary>
    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    private const int WriteBatchBytes = 64 * 1024;

    private readonly Stream _output;
    private readonly ILineFormatter _formatter;
    private readonly TimeProvider _time;
    private readonly Channel<byte[]> _queue = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly Thread _writer;
    private long _lost;

    public ServerLog(Stream output, ILineFormatter formatter, TimeProvider time)
    {
        _output = output;
        _formatter = formatter;
        _time = time;
        _writer = new Thread(WriteLoop) { IsBackground = true, Name = "log writer" };
        _writer.Start();
    }

    public static ServerLog ToStandardError(ServerSettings settings) => new(
        Console.OpenStandardError(),
        settings.LogFormat == LogFormat.Json ? new JsonLineFormatter() : new TextLineFormatter(),
        TimeProvider.System);

    /// <summary>The factory for every part of the server; ASP.NET's own chatter begins at warnings.</summary>
    public ILoggerFactory CreateFactory(LogLevel minimum) => LoggerFactory.Create(builder => builder
        .ClearProviders()
        .SetMinimumLevel(minimum)
        .AddFilter("Microsoft", minimum > LogLevel.Warning ? minimum : LogLevel.Warning)
        .AddFilter(RequestDiagnostics, LogLevel.None)
        .AddProvider(this));

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    /// <summary>
    /// Takes no more lines and waits until the queued ones are written, at most for <paramref name="limit"/>.
    /// </summary>
    public void Close(TimeSpan limit)
    {
        _queue.Writer.TryComplete();
        _writer.Join(limit);
    }

    public void Dispose() => Close(ProcessEnd.LogDrainLimit);

    private void Offer(in LogLine line)
    {
        var bytes = _formatter.Format(line);
        if (bytes.Length > MaxLineBytes)
        {
            bytes = Cut(bytes);
        }

        if (!_queue.Writer.TryWrite(bytes))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>
    /// Cuts between two characters, so that the line stays UTF-8. A cut JSON line is the price of the bound.
    /// </summary>
    private static byte[] Cut(byte[] bytes)
    {
        var end = MaxLineBytes - 1;
        while ((bytes[end] & 0xC0) == 0x80)
        {
            end--;
        }

        return [.. bytes.AsSpan(0, end), (byte)'\n'];
    }

    private void WriteLoop()
    {
        var batch = new MemoryStream(WriteBatchBytes);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Length < WriteBatchBytes && _queue.Reader.TryRead(out var line))
            {
                batch.Write(line);
            }

            ReportLost(batch);
            Write(batch);
        }
    }

    private void ReportLost(MemoryStream batch)
    {
        var lost = Interlocked.Exchange(ref _lost, 0);
        if (lost > 0)
        {
            batch.Write(_formatter.Format(new LogLine(
                _time.GetUtcNow(), LogLevel.Warning, typeof(ServerLog).FullName!, LinesLost,
                "Log lines were lost because they came faster than they could be written",
                [new KeyValuePair<string, object?>("Lost", lost)], Exception: null)));
        }
    }

    private void Write(MemoryStream batch)
    {
        try
        {
            _output.Write(batch.GetBuffer(), 0, (int)batch.Length);
            _output.Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The reader of the log is gone. The server's work does not depend on it.
        }

        batch.SetLength(0);
    }

    private sealed class Logger(ServerLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            log.Offer(new LogLine(
                log._time.GetUtcNow(), logLevel, category, eventId, formatter(state, exception),
                state as IReadOnlyList<KeyValuePair<string, object?>> ?? [], exception));
    }
}
