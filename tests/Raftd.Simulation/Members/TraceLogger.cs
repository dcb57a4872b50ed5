using Microsoft.Extensions.Logging;
using Raftd.Simulation.Faults;

namespace Raftd.Simulation.Members;

/// <summary>What a member says: the checkers hear of each new leader this way, and a reader of the trace of everything.</summary>
internal sealed class TraceLogger(Cluster cluster, SimulatedMember member) : ILogger
{
    // Ids of RaftEventLog; they stay.
    private const int BecameLeader = 2002;
    private const int Voted = 2004;
    private const int Truncated = 2007;
    private const int Configured = 2008;
    private const int SnapshotAccepted = 2019;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => cluster.Trace.IsPrinting || logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        switch (eventId.Id)
        {
            case BecameLeader:
                cluster.Ambush.Spring(member, Moment.Elected);
                break;
            case Voted:
                cluster.Ambush.Spring(member, Moment.Voted);
                break;
            case Truncated or Configured or SnapshotAccepted:
                cluster.Ambush.Spring(member, Moment.LogChanged);
                break;
        }

        if (eventId.Id == BecameLeader && state is IReadOnlyList<KeyValuePair<string, object?>> facts)
        {
            var term = facts.First(fact => fact.Key == "Term").Value;
            cluster.Say(member.Name, $"leads in term {term}");
            cluster.Checkers.BecameLeader(member, (ulong)term!);
            return;
        }

        if (cluster.Trace.IsPrinting)
        {
            cluster.Trace.Detail(cluster.Scheduler.Now, member.Name, formatter(state, exception));
        }
    }
}
