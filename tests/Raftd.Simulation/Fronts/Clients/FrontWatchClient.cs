using System.Text;
using Raftd.Contract;
using Raftd.State.Keyspaces;
using Raftd.State.Watch;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>Watches all keys at one front after the other, from the revision behind the last whole one that it was given. At the end,
/// what it was given is all that there was.</summary>
internal sealed class FrontWatchClient(FrontWorld world, Dice dice, string name)
{
    private readonly List<string> _got = [];

    /// <summary>Revisions that a compaction has kept from it: from, and the first that it may be given again.</summary>
    private readonly List<(long From, long Next)> _gaps = [];
    private FrontIncarnation? _front;
    private WatchSession? _session;
    private int _era;

    // A large revision is read with calls of the database, in which time passes.
    private bool _isReading;
    private long _next = 1;

    public int Events => _got.Count;

    /// <summary>It has all that there is.</summary>
    public bool IsComplete => _next > world.Record.Newest && _era == world.Era;

    public void Start() => world.Scheduler.After(dice.Between(1, 100 * Scheduler.Millisecond), Turn);

    public void Verify()
    {
        var expected = world.Record.Versions.Where(change => IsWithoutGap(change, _next)).Select(Text).ToList();
        var at = expected.Zip(_got).TakeWhile(static pair => pair.First == pair.Second).Count();
        Require(
            expected.Count == _got.Count && at == _got.Count,
            $"{name} was given {_got.Count} events and there were {expected.Count}: number {at} is {_got.ElementAtOrDefault(at)} "
            + $"and not {expected.ElementAtOrDefault(at)}");
    }

    private void Turn()
    {
        world.Scheduler.After(dice.Between(1, 60 * Scheduler.Millisecond), Turn);
        if (_isReading)
        {
            return;
        }

        if (_era != world.Era)
        {
            BeginAnew();
        }

        if (_session is null || _front is not { IsAlive: true } || dice.Chance(world.IsQuiet ? 0 : 0.01))
        {
            Open();
        }

        Read(dice.Next(8));
        if (world.IsQuiet)
        {
            _session?.RequestProgress();
        }
    }

    private void BeginAnew()
    {
        Close();
        _era = world.Era;
        _next = 1;
        _got.Clear();
        _gaps.Clear();
    }

    private void Close()
    {
        if (_front is not null)
        {
            _front.WatchesStepped -= ReadSome;
        }

        _session?.Dispose();
        _session = null;
    }

    private void Open()
    {
        Close();
        if (dice.Pick(world.Fronts).Running is not { IsFenced: false, KnowsLostRows: false } front)
        {
            return;
        }

        if (world.Trace.IsPrinting)
        {
            world.Trace.Detail(world.Now, name, $"watches at {front.Front.Name} from {_next}");
        }

        _front = front;
        _front.WatchesStepped += ReadSome;
        _session = front.Parts!.Watches.Open();
        _session.Create(new WatchRequest { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 }, StartRevision = _next });
    }

    private void ReadSome()
    {
        if (dice.Chance(0.3))
        {
            Read(dice.Next(4));
        }
    }

    private void Read(int most)
    {
        if (_isReading)
        {
            return;
        }

        _isReading = true;
        for (; most > 0 && _era == world.Era && _session is { } session && session.TryRead(out var message); most--)
        {
            Take(message);
        }

        _isReading = false;
    }

    private void Take(WatchMessage message)
    {
        if (world.Trace.IsPrinting)
        {
            var events = message.Events.Count > 0 ? $" of {message.Events[0].Key.ModRevision} to {message.Events[^1].Key.ModRevision}" : "";
            world.Trace.Detail(world.Now, name, $"at {_front!.Front.Name}, next {_next}: {message.Kind} {message.Revision} {message.End}{events}");
        }

        switch (message.Kind)
        {
            case WatchMessageKind.Events:
                TakeEvents(message);
                break;
            case WatchMessageKind.Progress:
                Require(message.Revision < _next || !HasEvents(_next, message.Revision), $"{name} is told that revision {message.Revision} is brought, and has seen only what is before {_next}");
                _next = Math.Max(_next, message.Revision + 1);
                break;
            case WatchMessageKind.Canceled:
                Require(message.End == WatchEnd.Compacted && message.CompactRevision > _next, $"{name}, next {_next}: {message}");
                _gaps.Add((_next, message.CompactRevision));
                _next = message.CompactRevision;
                Close();
                break;
            case WatchMessageKind.Created:
            default:
                break;
        }
    }

    private bool HasEvents(long from, long through) =>
        world.Record.Versions.Any(version => version.Revision.Main >= from && version.Revision.Main <= through && IsWithoutGap(version, long.MaxValue));

    private void TakeEvents(WatchMessage message)
    {
        List<WatchEvent> events;
        try
        {
            events = [.. message.Large?.Read().SelectMany(static piece => piece) ?? message.Events];
        }
        catch (StoreException e) when (e.Code is ErrorCode.Compacted or ErrorCode.NotReady)
        {
            // A large revision may be compacted, or the database away, before it is read: it begins again where it was.
            Close();
            return;
        }

        if (events.Count == 0 || _era != world.Era)
        {
            return;
        }

        var shown = _front!.Parts!.Board.State.Last.Revision;
        var newest = events[^1].Key.ModRevision;
        Require(newest <= shown, $"{name} is told of revision {newest}, and {_front.Front.Name} shows {shown}");
        Require(events[0].Key.ModRevision >= _next, $"{name} is given revision {events[0].Key.ModRevision} after {_next - 1}");
        _got.AddRange(events.Select(static e => Text(e.IsDelete, e.Key.Key.Span, e.Key.ModRevision, e.Key.Version, e.Key.Value.Span)));
        _next = newest + 1;
    }

    private bool IsWithoutGap(RevisionRecord change, long end) =>
        change.Revision.Main < end && !_gaps.Exists(gap => change.Revision.Main >= gap.From && change.Revision.Main < gap.Next);

    private static string Text(RevisionRecord change) =>
        Text(change.IsTombstone, change.Key, change.Revision.Main, change.Version, change.Value);

    private static string Text(bool isDelete, ReadOnlySpan<byte> key, long main, long version, ReadOnlySpan<byte> value) =>
        $"{main} {(isDelete ? "-" : "")}{Encoding.UTF8.GetString(key)} {version} {Encoding.UTF8.GetString(value)}";
}
