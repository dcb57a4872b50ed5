using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using Raftd.State.Watch;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Clients;

/// <summary>Watches all keys of one bucket at one front after the other: it is given what is committed there and nothing else, and is
/// told when the bucket ends.</summary>
internal sealed class FrontBucketWatcher(FrontWorld world, Dice dice, BucketRecord bucket)
{
    private FrontIncarnation? _front;
    private WatchSession? _session;
    private bool _isFinding;

    // A large revision is read with calls of the database, in which time passes.
    private bool _isReading;

    // Nothing is compacted in these buckets: each version comes.
    private int _seen;

    /// <summary>It has all that there is, and does not wait for an end that has come.</summary>
    public bool IsComplete => bucket.IsLive ? _seen == bucket.Rows.Versions.Count : _session is null;

    public void Start() => world.Scheduler.After(dice.Between(1, 100 * Scheduler.Millisecond), Turn);

    private void Turn()
    {
        if (!_isReading && (_front is not { IsAlive: true } || dice.Chance(world.IsQuiet ? 0 : 0.01)))
        {
            Close();
        }

        if (_session is null && !bucket.IsLive)
        {
            return;
        }

        world.Scheduler.After(dice.Between(1, 100 * Scheduler.Millisecond), Turn);
        if (_session is null)
        {
            Open(dice.Pick(world.Fronts).Running);
        }

        Read();
    }

    private void Open(FrontIncarnation? front)
    {
        if (front?.PartsOfBuckets.GetValueOrDefault(bucket.Id) is { Board.Fence: null } parts)
        {
            _front = front;
            _session = parts.Watches.Open();
            _session.Create(new WatchRequest { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 }, StartRevision = Rewind() });
        }
        else if (front is not null && !_isFinding)
        {
            _isFinding = true;
            new SteppedContext(world, owner: null).Run(() => FindAsync(front));
        }
    }

    /// <summary>From then on the front serves the bucket.</summary>
    private async Task FindAsync(FrontIncarnation front)
    {
        await FrontClient.AskAsync(world, front, () => front.Buckets!.FindAsync(bucket.Name, CancellationToken.None), 5 * Scheduler.Second);
        _isFinding = false;
    }

    private void Read()
    {
        if (_isReading)
        {
            return;
        }

        _isReading = true;
        while (_session is { } session && session.TryRead(out var message))
        {
            Take(message);
        }

        _isReading = false;
        if (_session is { IsClosed: true })
        {
            Require(!bucket.IsLive, $"a watch of the bucket {bucket.Name}, number {bucket.Id}, ended at {_front!.Front.Name}");
            Close();
        }
    }

    private void Take(WatchMessage message)
    {
        try
        {
            List<WatchEvent> changes = [.. message.Large?.Read().SelectMany(static piece => piece) ?? message.Events];
            changes.ForEach(Take);
        }
        catch (StoreException e) when (e.Code is ErrorCode.NotReady)
        {
            // The database was away while a large revision was read: it begins again where it was.
            Close();
        }
    }

    private void Take(WatchEvent change)
    {
        var text = $"{change.Key.ModRevision} {Encoding.UTF8.GetString(change.Key.Key.Span)} {Encoding.UTF8.GetString(change.Key.Value.Span)}";
        var expected = _seen < bucket.Rows.Versions.Count ? bucket.Rows.Versions[_seen] : null;
        Require(
            expected is not null && text == $"{expected.Revision.Main} {Encoding.UTF8.GetString(expected.Key)} {Encoding.UTF8.GetString(expected.Value)}",
            $"a watch of the bucket {bucket.Name}, number {bucket.Id}, is given {text} at {_front!.Front.Name}, and next is {expected?.Revision}");
        _seen++;
    }

    /// <summary>To the beginning of a revision: one that was seen in part is brought again whole.</summary>
    /// <returns>The first that it has not seen.</returns>
    private long Rewind()
    {
        while (_seen > 0 && _seen < bucket.Rows.Versions.Count && MainOf(_seen - 1) == MainOf(_seen))
        {
            _seen--;
        }

        return _seen == 0 ? 1 : MainOf(_seen - 1) + 1;
    }

    private long MainOf(int version) => bucket.Rows.Versions[version].Revision.Main;

    private void Close()
    {
        _session?.Dispose();
        (_session, _front) = (null, null);
    }
}
