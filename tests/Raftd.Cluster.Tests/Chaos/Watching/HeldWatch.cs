using Google.Protobuf;
using Raftd.Api.Wire;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Cluster.Tests.Chaos.Watching;

/// <summary>One watch over all the streams that it lives on, held to the true history: between two revisions it must have brought
/// exactly what happened in its range.</summary>
/// <remarks>What is said goes one of two ways: at once into where it would go on after a broken stream, and, as a claim, into a
/// queue until the true history is known that far.</remarks>
internal sealed class HeldWatch(TrueHistory truth, WatchShape shape, string name)
{
    private const int LinesKept = 24;

    private readonly Queue<Claim> _claims = new();
    private readonly Queue<string> _lines = new();

    /// <summary>Of a message that is not whole yet.</summary>
    private readonly List<Event> _fragments = [];

    /// <summary>Keys of the range and their mod revisions; null where the watch does not know what was there before it.</summary>
    private Dictionary<ByteString, long>? _state;

    /// <summary>The state is that of this revision at least.</summary>
    private long _stateRevision;
    private long _heldTo;

    /// <summary>The newest event, and the newest revision that the server said to be brought.</summary>
    private long _lastEvent;
    private long _broughtTo;

    public WatchShape Shape => shape;

    public bool HasBegun { get; private set; }

    /// <summary>What it knew of its range is out of date since a compaction.</summary>
    public bool NeedsState { get; private set; }

    /// <summary>The revision from which it goes on.</summary>
    public long Next => Math.Max(_lastEvent, shape.TrustsHeaders ? _broughtTo : 0) + 1;

    /// <summary>Up to here all that happened in its range was brought, and nothing else.</summary>
    public long HeldTo => Interlocked.Read(ref _heldTo);

    public long Events { get; private set; }

    public int Gaps { get; private set; }

    /// <summary>Events that came in fragments.</summary>
    public int Fragments { get; private set; }

    public int PreviousGone { get; private set; }

    /// <summary>It begins behind a revision.</summary>
    /// <param name="revision">Of the state, or of the answer to the creation.</param>
    /// <param name="state">What its range held then, if it was read.</param>
    public void Begin(long revision, IEnumerable<KeyValue>? state)
    {
        HasBegun = true;
        _lastEvent = _broughtTo = revision;
        _heldTo = revision;
        TakeState(revision, state);
    }

    /// <summary>The stream broke.</summary>
    public void Break(string why)
    {
        Note($"broken: {why}");
        _fragments.Clear();

        // What it will be brought again counts from where it goes on.
        _broughtTo = Next - 1;
    }

    public void Created(long revision, string member)
    {
        Note($"created at {member}, {revision}");
        if (!HasBegun)
        {
            Begin(revision, state: null);
        }
    }

    /// <summary>It was told that all before a revision that it has not been brought yet is gone.</summary>
    /// <param name="compacted">The first revision that is left.</param>
    public void Compacted(long compacted)
    {
        Note($"compacted {compacted}");
        Require(_fragments.Count == 0, $"{this} ended within a message");
        Require(Next < compacted && compacted <= truth.CompactAsked, $"{this}, which goes on at {Next}, was told that {compacted} is compacted");
        Gaps++;
        _lastEvent = _broughtTo = compacted - 1;
        _claims.Enqueue(new Claim(compacted - 1, Events: null, CompactAsked: 0));
        _state = null;
        NeedsState = true;
    }

    /// <summary>After a compaction: what its range holds now.</summary>
    public void TakeState(long revision, IEnumerable<KeyValue>? state)
    {
        _state = state is null || shape.Without is not null ? null : state.ToDictionary(static version => version.Key, static version => version.ModRevision);
        _stateRevision = revision;
        NeedsState = false;
    }

    public void Brought(WatchResponse response)
    {
        Require(!response.Fragment || shape.TakesFragments, $"{this} got a fragment and did not ask for them");
        _fragments.AddRange(response.Events);
        if (response.Fragment)
        {
            Fragments++;
            return;
        }

        Event[] events = [.. _fragments];
        _fragments.Clear();
        Note($"{events[0].Kv.ModRevision}..{events[^1].Kv.ModRevision}, {events.Length} events, header {response.Header.Revision}");
        RequireOrder(events, response.Header.Revision);
        if (shape.IsEverything)
        {
            foreach (var revision in events.GroupBy(static change => change.Kv.ModRevision))
            {
                truth.Tell(revision, name);
            }
        }

        Events += events.Length;
        _lastEvent = events[^1].Kv.ModRevision;
        Claimed(response.Header.Revision, events);
    }

    /// <summary>All up to the revision has been brought.</summary>
    public void Progress(long revision)
    {
        Note($"progress {revision}");
        Require(_fragments.Count == 0, $"{this} was told of progress within a message");
        if (revision > _broughtTo)
        {
            Claimed(revision, []);
        }

        Verify();
    }

    /// <summary>At rest: what its events come to is what its range holds.</summary>
    public void CheckState(IEnumerable<KeyValue> all)
    {
        if (_state is null)
        {
            return;
        }

        var held = all.Where(version => shape.Holds(version.Key)).ToList();
        Require(
            held.Count == _state.Count && held.TrueForAll(version => _state.GetValueOrDefault(version.Key) == version.ModRevision),
            $"{this} comes to {_state.Count} keys, and its range has {held.Count}, or other versions of them");
    }

    public override string ToString() => $"{name} {shape}, held to {HeldTo} of {truth.Complete}, goes on at {Next}, {_claims.Count} claims:\n{string.Join('\n', _lines)}\n";

    private void Claimed(long upTo, Event[] events)
    {
        _broughtTo = Math.Max(_broughtTo, upTo);
        _claims.Enqueue(new Claim(upTo, events, truth.CompactAsked));
        Verify();
    }

    /// <summary>Holds what it has claimed to what is known by now.</summary>
    private void Verify()
    {
        while (_claims.TryPeek(out var claim) && (claim.UpTo <= truth.Complete || claim.Events is null))
        {
            _claims.Dequeue();
            if (claim.Events is not null)
            {
                Verify(claim);
            }

            Interlocked.Exchange(ref _heldTo, Math.Max(_heldTo, claim.UpTo));
        }
    }

    /// <summary>Revisions rise, none is split over messages, none comes again, and none is above what the message says of itself.</summary>
    private void RequireOrder(Event[] events, long header)
    {
        var before = _broughtTo;
        Require(events[0].Kv.ModRevision > before, $"{this} had brought {before} already");
        foreach (var change in events)
        {
            Require(change.Kv.ModRevision >= before, $"{this} brought {change.Kv.ModRevision} after {before}");
            before = change.Kv.ModRevision;
        }

        Require(header >= before, $"{this} brought {before} in a message of {header}");
    }

    private void Verify(Claim claim)
    {
        var at = 0;
        foreach (var change in truth.Changes(HeldTo + 1, claim.UpTo).Where(shape.Wants))
        {
            Require(at < claim.Events!.Length, $"{this} brought all up to {claim.UpTo} without {change.Event}");
            Require(IsSame(change, claim.Events[at], claim.CompactAsked), $"{this} brought {claim.Events[at]}, where {change} was due");
            at++;
            Fold(change);
        }

        Require(at == claim.Events!.Length, $"{this} brought {claim.Events.ElementAtOrDefault(at)}, which did not happen then");
    }

    private bool IsSame(TrueChange due, Event brought, long compactAsked)
    {
        if (brought.Type != due.Event.Type || !brought.Kv.Equals(due.Event.Kv))
        {
            return false;
        }

        if (!shape.WithPrevious || due.Previous is null)
        {
            return brought.PrevKv is null;
        }

        // The version before may be gone by the time that the event was made: it is read as of the revision before.
        var mayBeGone = brought.PrevKv is null && due.Event.Kv.ModRevision - 1 < compactAsked;
        PreviousGone += mayBeGone ? 1 : 0;
        return mayBeGone || due.Previous.Equals(brought.PrevKv);
    }

    private void Fold(TrueChange change)
    {
        var revision = change.Event.Kv.ModRevision;
        if (_state is null || revision <= _stateRevision)
        {
            return;
        }

        if (change.IsDelete)
        {
            _state.Remove(change.Key);
        }
        else
        {
            _state[change.Key] = revision;
        }
    }

    private void Note(string line)
    {
        _lines.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {line}");
        if (_lines.Count > LinesKept)
        {
            _lines.Dequeue();
        }
    }

    /// <param name="UpTo">All up to this revision has been brought.</param>
    /// <param name="Events">Those since the claim before; null where what lies between was compacted.</param>
    /// <param name="CompactAsked">When they came.</param>
    private sealed record Claim(long UpTo, Event[]? Events, long CompactAsked);
}
