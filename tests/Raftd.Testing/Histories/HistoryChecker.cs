// What clients were told, against what the store did.
//
// Revisions give every write its place in one order, and every read answers with the revision it was served at. So strict
// serializability needs no search for an order; three things are looked at instead:
//
//   1. Real time: what began after an answer was given stands behind it. Floor is the highest revision that any client
//      has been told; an answer to a request that began at floor f carries a revision of at least f, a write one above f.
//   2. Content: at the end the history of the store is read at each of those revisions, and each read must have seen
//      exactly that, each acknowledged write must be there, each condition must have been true (or false) just before.
//   3. Fate: a write that was surely not done is in no entry that a member applied, and no write is in two, unless its
//      outcome was unknown and its client asked again. Where a whole history can be read (Explain), every change in it is one that
//      a client was told of, or of no outcome.

using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Testing.Histories;

/// <remarks>Not thread-safe: where clients are, one lock guards it.</remarks>
public sealed class HistoryChecker
{
    private readonly Dictionary<string, ulong> _entryOfValue = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly HashSet<string> _askedAgain = new(StringComparer.Ordinal);
    private readonly HashSet<string> _lost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _lostDeletions = new(StringComparer.Ordinal);
    private readonly HashSet<(string Key, long Revision)> _foundDeletions = [];
    private readonly Dictionary<long, Operation> _writes = [];
    private readonly List<Operation> _ended = [];

    /// <summary>The highest revision that any client knows of.</summary>
    public long Floor { get; private set; }

    public int Acknowledged => _writes.Count;

    public int Reads { get; private set; }

    public int Unknown { get; private set; }

    /// <summary>This value was put by the entry of this index, or at this revision: one or the other throughout.</summary>
    public void Learn(ulong index, string value)
    {
        if (_entryOfValue.TryGetValue(value, out var known) && known == index)
        {
            return;
        }

        Require(
            _entryOfValue.TryAdd(value, index) || _askedAgain.Contains(value),
            $"{Short(value)} is applied at {index} and at {_entryOfValue[value]}");
        Require(!_refused.Contains(value), $"{Short(value)} was surely not proposed, and is applied at {index}");
    }

    public void Refused(Operation operation)
    {
        if (operation.Value is { } value && !operation.IsRetry)
        {
            _refused.Add(value);
            Require(
                !_entryOfValue.TryGetValue(value, out var index),
                $"{Short(value)} was applied at {index}, its client was told that it was not proposed");
        }
    }

    /// <summary>No answer said what became of it: it may be there or not.</summary>
    public void Lost() => Unknown++;

    /// <summary>As the other, where <see cref="Explain"/> will be asked for what came of it.</summary>
    public void Lost(Operation operation)
    {
        Unknown++;
        switch (operation.Kind)
        {
            case OperationKind.Put:
                _lost.Add(operation.Value!);
                break;
            case OperationKind.Delete:
                _lostDeletions[operation.Key] = _lostDeletions.GetValueOrDefault(operation.Key) + 1;
                break;
        }
    }

    /// <summary>A store has made this change since the last BeginAnew: a client was told of it, or asked for it and was told nothing. Any
    /// number of stores may show it.</summary>
    /// <param name="key">Changed.</param>
    /// <param name="revision">By this one.</param>
    /// <param name="value">Null: deleted.</param>
    /// <param name="who">The store.</param>
    public void Explain(string key, long revision, string? value, string who)
    {
        if (value is not null)
        {
            Learn((ulong)revision, value);
        }

        if (_writes.TryGetValue(revision, out var write))
        {
            Require(write.Key == key && write.Value == value, $"{who}: revision {revision} is {key} {value}, its client was told {write}");
        }
        else if (value is not null)
        {
            Require(_lost.Contains(value), $"{who}: {key} is {value} at revision {revision}, and no client was told so");
        }
        else if (_foundDeletions.Add((key, revision)))
        {
            var left = _lostDeletions.GetValueOrDefault(key) - 1;
            Require(left >= 0, $"{who}: {key} is deleted at revision {revision}, and no client was told so");
            _lostDeletions[key] = left;
        }
    }

    /// <summary>What had no answer is asked for once more: it may be there twice.</summary>
    public void AskedAgain(Operation operation)
    {
        if (operation.Value is { } value)
        {
            _askedAgain.Add(value);
        }
    }

    public void Ended(Operation operation)
    {
        var revision = operation.Revision;
        var isFresh = operation.Kind != OperationKind.StaleRead;
        Require(
            !isFresh || revision >= operation.Floor,
            $"{operation} answered at revision {revision}, and began when {operation.Floor} was known");
        if (operation.IsRead)
        {
            Reads++;
        }

        if (operation.HasChanged)
        {
            Require(revision > operation.Floor, $"{operation} got revision {revision}, {operation.Floor} was known before");
            Require(_writes.TryAdd(revision, operation), $"revision {revision} was given twice: {operation} and another");
        }

        _ended.Add(operation);
        Floor = isFresh ? Math.Max(Floor, revision) : Floor;
    }

    /// <summary>What Verify will ask the history for: the key as of the revision.</summary>
    public IEnumerable<(string Key, long Revision)> Questions(int first, int every)
    {
        for (var i = first; i < _ended.Count; i += every)
        {
            var operation = _ended[i];
            yield return (operation.Key, operation.Revision);
            if (operation is { ExpectedRevision: not null, HasChanged: true })
            {
                yield return (operation.Key, operation.Revision - 1);
            }
        }
    }

    /// <summary>All that was told is verified and nothing is under way: what comes now stands behind it.</summary>
    public void BeginAnew()
    {
        _ended.Clear();
        _writes.Clear();
        _foundDeletions.Clear();
    }

    /// <summary>Compares what clients were told with the history that this state holds: every nth operation, from the first
    /// on.</summary>
    public void Verify(IHistory history, string who, int first, int every)
    {
        Require(history.Newest >= Floor, $"{who} ends at revision {history.Newest}, clients know {Floor}");
        for (var i = first; i < _ended.Count; i += every)
        {
            Verify(history, _ended[i], who);
        }
    }

    private static void Verify(IHistory history, Operation operation, string who)
    {
        var revision = operation.Revision;
        switch (operation.Kind)
        {
            case OperationKind.Read or OperationKind.StaleRead:
                var now = history.Describe(operation.Key, operation.RangeEnd, revision);
                Require(now == operation.Seen, $"{who}: {operation} saw {operation.Seen} at revision {revision}, the history is {now}");
                break;
            case OperationKind.Put when operation.HasChanged:
                Require(
                    history.Find(operation.Key, revision) is { } version && version.ModRevision == revision
                    && version.Text == operation.Value,
                    $"{who}: {operation} was acknowledged at revision {revision} and is lost");
                VerifyCondition(history, operation, revision - 1, holds: true, who);
                break;
            case OperationKind.Put:
                VerifyCondition(history, operation, revision, holds: false, who);
                break;
            default:
                Require(
                    history.Find(operation.Key, revision) is null,
                    $"{who}: {operation} was acknowledged at revision {revision} and the key is there");
                break;
        }
    }

    private static void VerifyCondition(IHistory history, Operation operation, long revision, bool holds, string who)
    {
        if (operation.ExpectedRevision is { } expected)
        {
            var found = history.Find(operation.Key, revision)?.ModRevision ?? 0;
            Require(
                (found == expected) == holds,
                $"{who}: {operation} expected revision {expected}, was told {holds}, and the history has {found}");
        }
    }

    private static string Short(string value) => value.Length <= 40 ? value : value[..40];
}
