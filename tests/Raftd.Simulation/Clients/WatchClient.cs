using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Members;
using Raftd.State.Keyspaces;
using Raftd.State.Watch;
using Raftd.Store;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Clients;

/// <summary>Watches all keys through all faults: stays at one member while that runs, and goes on at another from the
/// revision behind the last whole one that it was given. At the end, what it was given is all that there was.</summary>
/// <remarks>It gives the member's watches their turns itself, rarely, so that they fall behind, and it reads slowly.</remarks>
internal sealed class WatchClient(Cluster cluster, Dice dice, string name) : Client(cluster, dice, name)
{
    private readonly List<string> _got = [];

    /// <summary>Revisions that a compaction has kept from it: from, and the first that it may be given again.</summary>
    private readonly List<(long From, long Next)> _gaps = [];
    private readonly List<string> _revision = [];

    private Incarnation? _member;
    private WatchSession? _session;
    private long _next = 1;
    private long _inRevision;
    private int _turns;

    public override string ToString() => $"{Name} at {_member?.Host.Name}, next {_next}, {_got.Count} events";

    protected override void Act(Incarnation member)
    {
        if (_session is null || _member is not { IsAlive: true } || Dice.Chance(0.01))
        {
            Open(member);
        }

        if (_member!.Host.PausedUntil <= Cluster.Scheduler.Now)
        {
            for (var turns = Dice.Next(8); turns > 0 && _member.Do(() => _member.Parts.Watches.Step()); turns--)
            {
            }

            Read(Dice.Next(6));
        }

        Rest(20 * Scheduler.Millisecond);
    }

    /// <summary>Takes all there is, of a member that has everything.</summary>
    public void Finish(Incarnation member)
    {
        var revision = member.Parts.State.View().Revision;
        Open(member);
        for (_turns = 0; _next <= revision; _turns++)
        {
            Require(_turns < 10_000, $"{Name} is not given what is behind revision {_next}, and the state is at {revision}");
            Require(member.Do(() => member.Parts.Watches.Step()), $"{member.Host.Name} ended while {Name} read history");
            Read(100);
            if (_session is null)
            {
                Open(member);
            }

            _session!.RequestProgress();
        }

        _session!.Dispose();
        member.Parts.Watches.Step();
    }

    /// <summary>Compares with all changes there ever were.</summary>
    public void Verify(StateMachine whole)
    {
        var expected = new List<string>();
        for (var from = new Revision(1, 0); ;)
        {
            var page = whole.View().Changes(from, maxBytes: 1 << 20);
            expected.AddRange(page.Changes.Where(IsWithoutGap).Select(Text));
            if (page.Next is not { } next)
            {
                break;
            }

            from = next;
        }

        var at = expected.Zip(_got).TakeWhile(static pair => pair.First == pair.Second).Count();
        Require(
            expected.Count == _got.Count && at == _got.Count,
            $"{Name} was given {_got.Count} events and there were {expected.Count}: number {at} is {_got.ElementAtOrDefault(at)} "
            + $"and not {expected.ElementAtOrDefault(at)}");
    }

    private void Open(Incarnation member)
    {
        _session?.Dispose();
        _member = member;
        _session = member.Parts.Watches.Hub.Open();
        _session.Create(new WatchRequest { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 }, StartRevision = _next });
        _revision.Clear();
        _inRevision = 0;
    }

    private void Read(int most)
    {
        for (; most > 0 && _session is { } session && session.TryRead(out var message); most--)
        {
            Take(message);
        }
    }

    private void Take(WatchMessage message)
    {
        switch (message.Kind)
        {
            case WatchMessageKind.Events:
                TakeEvents(message);
                break;
            case WatchMessageKind.Progress:
                _next = Math.Max(_next, message.Revision + 1);
                break;
            case WatchMessageKind.Canceled:
                Require(message.End == WatchEnd.Compacted && message.CompactRevision > _next, $"{Name}, next {_next}: {message}");
                _gaps.Add((_next, message.CompactRevision));
                _next = message.CompactRevision;
                _session?.Dispose();
                _session = null;
                break;
            case WatchMessageKind.Created:
            default:
                break;
        }
    }

    /// <summary>A large revision may be compacted before it is read: then the client begins again where it was.</summary>
    private void TakeEvents(WatchMessage message)
    {
        try
        {
            foreach (var e in message.Large?.Read().SelectMany(static piece => piece) ?? message.Events)
            {
                Take(e);
            }

            EndRevision();
        }
        catch (StoreException e) when (e.Code is ErrorCode.Compacted or ErrorCode.NotReady)
        {
            _session?.Dispose();
            _session = null;
        }
    }

    private void Take(WatchEvent e)
    {
        if (e.Key.ModRevision != _inRevision)
        {
            EndRevision();
            Require(e.Key.ModRevision >= _next, $"{Name} is given revision {e.Key.ModRevision} after {_next - 1}");
            _inRevision = e.Key.ModRevision;
        }

        _revision.Add(Text(e.IsDelete, e.Key.Key.Span, e.Key.ModRevision, e.Key.Version, e.Key.Value.Length));
    }

    private void EndRevision()
    {
        if (_inRevision != 0)
        {
            _got.AddRange(_revision);
            _next = _inRevision + 1;
        }

        _revision.Clear();
        _inRevision = 0;
    }

    private bool IsWithoutGap(RevisionRecord change) =>
        change.Revision.Main < _next && !_gaps.Exists(gap => change.Revision.Main >= gap.From && change.Revision.Main < gap.Next);

    private static string Text(RevisionRecord change) =>
        Text(change.IsTombstone, change.Key, change.Revision.Main, change.Version, change.ValueBytes);

    private static string Text(bool isDelete, ReadOnlySpan<byte> key, long main, long version, int valueBytes) =>
        $"{main} {(isDelete ? "-" : "")}{Encoding.UTF8.GetString(key)} {version} of {valueBytes}";
}
