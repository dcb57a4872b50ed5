using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Raftd.Testing.Tls;

/// <summary>A log that remembers: each line as its event's name and its message.</summary>
internal sealed class NotedEvents : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyList<string> Lines => [.. _lines];

    public int Count(string name) => Lines.Count(line => line.StartsWith(name + " ", StringComparison.Ordinal));

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue($"{eventId.Name} {formatter(state, exception)}");
}
