using System.Collections.Immutable;

namespace Raftd.Wal.Tests;

/// <summary>The obvious log: a map. Immutable, so that a test keeps every state that a crash may leave.</summary>
internal sealed record LogModel(ulong BaseIndex, ulong BaseTerm, LogState State, ImmutableSortedDictionary<ulong, LogEntry> Entries)
{
    public static readonly LogModel Empty = new(0, 0, default, ImmutableSortedDictionary<ulong, LogEntry>.Empty);

    public ulong LastIndex => BaseIndex + (ulong)Entries.Count;

    public ulong Term(ulong index) => index == BaseIndex ? BaseTerm : Entries[index].Term;

    public LogModel Put(LogEntry entry)
    {
        var kept = Entries.RemoveRange(Entries.Keys.Where(index => index >= entry.Index));
        var state = entry.Term > State.Term ? State with { Term = entry.Term, Vote = 0 } : State;
        return this with { Entries = kept.Add(entry.Index, entry), State = state };
    }

    public LogModel With(LogState state) => this with { State = state };

    public static LogModel Reset(ulong index, ulong term, LogState state) =>
        new(index, term, state, ImmutableSortedDictionary<ulong, LogEntry>.Empty);

    /// <summary>Null when the log says the same; else the first difference. A log may start later than the model.</summary>
    public string? Difference(WriteAheadLog log) => Difference(
        log.FirstIndex, log.LastIndex, log.State, log.Term, () => log.Read(log.FirstIndex, log.WrittenIndex + 1, long.MaxValue));

    /// <inheritdoc cref="Difference(WriteAheadLog)"/>
    public string? Difference(ReadOnlyLog log) => Difference(
        log.FirstIndex, log.LastIndex, log.State, log.Term, () => log.Read(log.FirstIndex, long.MaxValue));

    private string? Difference(
        ulong first, ulong last, LogState state, Func<ulong, ulong> termOf, Func<IReadOnlyList<LogEntry>> readAll)
    {
        if (last != LastIndex)
        {
            return $"last index {last} instead of {LastIndex}";
        }

        if (state with { Recovering = State.Recovering } != State)
        {
            return $"state {state} instead of {State}";
        }

        if (first <= BaseIndex || termOf(first - 1) != Term(first - 1))
        {
            return $"first index {first}, term before it {termOf(first - 1)}, base {BaseIndex}";
        }

        return readAll().Where(entry => !Same(entry, Entries[entry.Index])).Select(entry => $"entry {entry.Index}").FirstOrDefault();
    }

    private static bool Same(in LogEntry a, in LogEntry b) =>
        a.Term == b.Term && a.Index == b.Index && a.Kind == b.Kind && a.Data.Span.SequenceEqual(b.Data.Span);
}
