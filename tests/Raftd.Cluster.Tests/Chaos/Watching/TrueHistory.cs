// What really happened, as far as it is known: every change of every revision.
//
//   1. Watches of everything tell it, at all members (Tell). The first one to bring a revision is believed for the moment, each
//      later one must bring the same.
//   2. A revision counts once all before it are there. No revision is empty, so what all of them lost would be a hole for ever.
//   3. Each change must follow from the state before it: its version, when its key was created, that a deleted key was there.
//   4. What a writer was told must be what its revision has, change for change, and no write may be there twice (Acknowledge).
//   5. Before each compaction, and at the end, all keys are read as of a revision, which goes through the index and not through
//      watches: versions and revisions of all of them must be those of the changes so far (CheckState).
//
// So a change that no watch brought, or all of them brought wrongly, does not make itself true.

using System.Collections.Concurrent;
using Google.Protobuf;
using Raftd.Api.Wire;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>One change, and the version that its key had before its revision; null for none, and for a change that creates the key.
/// </summary>
internal sealed record TrueChange(Event Event, KeyValue? Previous)
{
    public bool IsDelete => Event.Type == Event.Types.EventType.Delete;

    public ByteString Key => Event.Kv.Key;
}

/// <summary>Used by all watches, writers and the compactor.</summary>
internal sealed class TrueHistory
{
    private readonly Lock _guard = new();

    /// <summary>Complete ones, as far as they are not forgotten.</summary>
    private readonly ConcurrentDictionary<long, TrueChange[]> _revisions = new();

    /// <summary>Those with a hole before them.</summary>
    private readonly Dictionary<long, Event[]> _ahead = [];
    private readonly Dictionary<long, Event[]> _acknowledged = [];
    private readonly Dictionary<string, long> _written = [];

    /// <summary>After the last complete revision.</summary>
    private readonly Dictionary<ByteString, KeyValue> _newest = [];

    /// <summary>After the revision up to which states were checked.</summary>
    private readonly Dictionary<ByteString, KeyValue> _checked = [];
    private long _checkedTo;
    private long _complete;
    private long _compactAsked;

    /// <param name="start">All keys, before any watch or writer began.</param>
    public TrueHistory(RangeResponse start)
    {
        Start = start;
        _complete = _checkedTo = start.Header.Revision;
        foreach (var version in start.Kvs)
        {
            _newest[version.Key] = _checked[version.Key] = version;
        }
    }

    public RangeResponse Start { get; }

    /// <summary>All revisions up to this one are known.</summary>
    public long Complete => Interlocked.Read(ref _complete);

    /// <summary>The revision of the last state that was checked.</summary>
    public long CheckedTo => Interlocked.Read(ref _checkedTo);

    /// <summary>The highest revision for which a compaction was ever asked: it may have been done, and none above it.</summary>
    public long CompactAsked => Interlocked.Read(ref _compactAsked);

    public void AskCompaction(long revision)
    {
        lock (_guard)
        {
            _compactAsked = Math.Max(_compactAsked, revision);
        }
    }

    /// <summary>All changes of one revision, as a watch of everything brought them.</summary>
    public void Tell(IEnumerable<Event> changes, string teller)
    {
        var told = changes.Select(change => new Event { Type = change.Type, Kv = change.Kv }).ToArray();
        var revision = told[0].Kv.ModRevision;
        lock (_guard)
        {
            if (revision <= _complete)
            {
                Require(
                    _revisions.TryGetValue(revision, out var known) && known.Select(static change => change.Event).SequenceEqual(told),
                    $"{teller} brought {Shown(told)}, and others {Shown(known?.Select(static change => change.Event))}");
            }
            else if (!_ahead.TryAdd(revision, told))
            {
                Require(_ahead[revision].SequenceEqual(told), $"{teller} brought {Shown(told)}, and others {Shown(_ahead[revision])}");
            }

            while (_ahead.Remove(_complete + 1, out var next))
            {
                Take(_complete + 1, next);
            }
        }
    }

    /// <param name="revision">That a writer was told.</param>
    /// <param name="changes">What it must consist of: type, key, value and lease.</param>
    public void Acknowledge(long revision, Event[] changes)
    {
        lock (_guard)
        {
            Require(_acknowledged.TryAdd(revision, changes), $"revision {revision} was told to two writers: {Shown(changes)}");
            if (_revisions.TryGetValue(revision, out var known))
            {
                CheckAcknowledged(revision, known);
            }
        }
    }

    /// <summary>Changes within [low, high], all of which are complete.</summary>
    public IEnumerable<TrueChange> Changes(long low, long high)
    {
        for (var revision = low; revision <= high; revision++)
        {
            Require(_revisions.TryGetValue(revision, out var changes), $"revision {revision} is asked for and forgotten");
            foreach (var change in changes)
            {
                yield return change;
            }
        }
    }

    /// <param name="revision">Not below the one before, and complete.</param>
    /// <param name="versions">Of all keys, read as of that revision.</param>
    /// <param name="hasValues">They came with their values.</param>
    public void CheckState(long revision, IReadOnlyCollection<KeyValue> versions, bool hasValues)
    {
        lock (_guard)
        {
            Require(revision >= _checkedTo, $"revision {revision} is below {_checkedTo}, which was checked before");
            for (; _checkedTo < revision; _checkedTo++)
            {
                Apply(_checked, _revisions[_checkedTo + 1].Select(static change => change.Event));
            }

            foreach (var version in versions)
            {
                Require(
                    _checked.TryGetValue(version.Key, out var known) && version.Equals(hasValues ? known : WithoutValue(known)),
                    $"at revision {revision} a read says {version}, and the changes {known}");
            }

            Require(versions.Count == _checked.Count, $"at revision {revision} a read has {versions.Count} keys, and the changes {_checked.Count}");
        }
    }

    /// <summary>Nothing at or below the revision will be asked for or told again. No writer is at work.</summary>
    public void Forget(long revision)
    {
        lock (_guard)
        {
            foreach (var acknowledged in _acknowledged.Keys.Where(acknowledged => acknowledged <= revision).ToArray())
            {
                Require(_revisions.ContainsKey(acknowledged), $"a writer was told revision {acknowledged}, which no watch has brought");
                _acknowledged.Remove(acknowledged);
            }

            foreach (var old in _revisions.Keys.Where(old => old <= Math.Min(revision, _checkedTo)))
            {
                _revisions.TryRemove(old, out _);
            }

            _written.Clear();
        }
    }

    private void Take(long revision, Event[] changes)
    {
        // Versions before the revision, and not before the change.
        var known = changes
            .Select(change => new TrueChange(change, change.Kv.Version == 1 ? null : _newest.GetValueOrDefault(change.Kv.Key)))
            .ToArray();
        foreach (var change in changes)
        {
            CheckFollows(change, _newest.GetValueOrDefault(change.Kv.Key));
            Apply(_newest, [change]);
        }

        _revisions[revision] = known;
        CheckAcknowledged(revision, known);
        Interlocked.Exchange(ref _complete, revision);
    }

    private void CheckFollows(Event change, KeyValue? before)
    {
        if (change.Type == Event.Types.EventType.Delete)
        {
            Require(before is not null, $"{change} deletes what is not there");
            return;
        }

        var (created, version) = before is null ? (change.Kv.ModRevision, 1) : (before.CreateRevision, before.Version + 1);
        Require((change.Kv.CreateRevision, change.Kv.Version) == (created, version), $"{change} came after {before}");
        Require(
            WatchedLoad.TryIdOf(change.Kv.Value) is not { } id || _written.TryAdd(id, change.Kv.ModRevision),
            $"{change} was written a second time");
    }

    private void CheckAcknowledged(long revision, TrueChange[] known)
    {
        if (_acknowledged.TryGetValue(revision, out var told))
        {
            Require(
                known.Select(static change => WatchedLoad.Essence(change.Event)).SequenceEqual(told),
                $"a writer was told of revision {revision} that it is {Shown(told)}, and watches brought {Shown(known.Select(static change => change.Event))}");
        }
    }

    private static void Apply(Dictionary<ByteString, KeyValue> state, IEnumerable<Event> changes)
    {
        foreach (var change in changes)
        {
            if (change.Type == Event.Types.EventType.Delete)
            {
                state.Remove(change.Kv.Key);
            }
            else
            {
                state[change.Kv.Key] = change.Kv;
            }
        }
    }

    private static KeyValue WithoutValue(KeyValue version)
    {
        var bare = version.Clone();
        bare.Value = ByteString.Empty;
        return bare;
    }

    private static string Shown(IEnumerable<Event>? changes)
    {
        var text = changes is null ? "nothing" : string.Join(", ", changes);
        return text.Length > 2000 ? text[..2000] + "…" : text;
    }
}
