using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Fronts.Checkers;
using Raftd.Simulation.Fronts.Clients;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts;

/// <summary>One seed of fronts over a database: faults, then a quiet phase in which all goes on, then the last checks.</summary>
internal sealed class FrontSimulation : IDisposable
{
    private const int Watchers = 2;
    private const long Patience = 60 * Scheduler.Second;

    // The longest that a lease which was never used may live, and an election or two.
    private const long LeasesPatience = 300 * Scheduler.Second;

    private readonly FrontWorld _world;
    private readonly FrontNemesis _nemesis;
    private readonly Trace _trace;
    private readonly List<FrontClient> _clients = [];
    private readonly List<FrontWatchClient> _watchers = [];
    private readonly List<FrontBucketWatcher> _bucketWatchers = [];

    private FrontSimulation(Arguments arguments, ulong seed, TextWriter? output)
    {
        var dice = new Dice(seed);
        var drawn = FrontSwarm.Draw(dice.Fork());
        _trace = new Trace(output);
        _world = new FrontWorld(drawn with { FaultSeconds = arguments.VirtualSeconds ?? drawn.FaultSeconds }, dice.Fork(), _trace);
        _nemesis = new FrontNemesis(_world, dice.Fork());
        for (var i = 1; i <= drawn.KeyClients; i++)
        {
            _clients.Add(new FrontKeyClient(_world, dice.Fork(), $"c{i}"));
        }

        for (var i = 1; i <= drawn.LeaseClients; i++)
        {
            _clients.Add(new FrontLeaseClient(_world, dice.Fork(), $"l{i}", i));
        }

        for (var i = 1; i <= drawn.BucketClients; i++)
        {
            _clients.Add(new FrontBucketClient(_world, dice.Fork(), $"b{i}", i));
        }

        _world.BucketAdded += bucket =>
        {
            var watcher = new FrontBucketWatcher(_world, dice.Fork(), bucket);
            watcher.Start();
            _bucketWatchers.Add(watcher);
        };
        for (var i = 1; i <= Watchers; i++)
        {
            _watchers.Add(new FrontWatchClient(_world, dice.Fork(), $"w{i}"));
        }
    }

    /// <param name="arguments">The length of the run.</param>
    /// <param name="seed">All else there is to know.</param>
    /// <param name="output">Gets the trace; null for none.</param>
    public static Outcome Run(Arguments arguments, ulong seed, TextWriter? output)
    {
        using var simulation = new FrontSimulation(arguments, seed, output);
        string? failure = null;
        try
        {
            simulation.Run();
        }
        catch (SafetyViolationException violation)
        {
            failure = violation.Message;
        }
        catch (Exception unexpected)
        {
            // An exception out of a step would have stopped the process: an invariant of the product, or a plain bug. Below its own frames
            // stand those of all others that wait in calls.
            failure = string.Join('\n', unexpected.ToString().Split('\n').Take(12));
        }

        return simulation.Judge(seed, failure);
    }

    public void Dispose() => _world.Dispose();

    private void Run()
    {
        _world.Say("swarm", _world.Swarm.ToString());
        _world.Say("swarm", string.Join(' ', _world.Swarm.Faults));
        _world.Fronts.ForEach(static front => front.Restart());
        _clients.ForEach(static client => client.Start());
        _watchers.ForEach(static watcher => watcher.Start());
        _nemesis.Start();
        Compare();
        _world.RunUntil(_world.Swarm.FaultSeconds * Scheduler.Second);
        _world.Say("fault", "all is mended");
        _nemesis.Stop();
        RunQuietly();
        Verify();
    }

    /// <summary>From time to time: what fronts know is what the tables say.</summary>
    private void Compare()
    {
        foreach (var front in _world.Fronts.Select(static front => front.Running).OfType<FrontIncarnation>())
        {
            Look(front);
        }

        _world.Scheduler.After(300 * Scheduler.Millisecond, Compare);
    }

    private void Look(FrontIncarnation front)
    {
        foreach (var (id, parts) in front.PartsOfBuckets)
        {
            LookAt(front, _world.Buckets[id], parts);
        }

        if (!front.IsFenced)
        {
            StateComparison.Verify(front.Front.Name, front.Parts!.Board.State, _world.Database);
            return;
        }

        var isTrimmed = front.Parts!.Board.State.Last.Seq < _world.Database.Tables.Log.Keys.First();
        Require(isTrimmed || front.Era != _world.Era, $"{front.Front.Name} answers nothing any more: {front.Parts.Board.Fence!.Message}");
    }

    private static void LookAt(FrontIncarnation front, BucketRecord bucket, FrontParts parts)
    {
        if (parts.Board.Fence is { } fence)
        {
            Require(!bucket.IsLive, $"{front.Front.Name} answers nothing about the bucket {bucket.Name}, number {bucket.Id}, any more: {fence.Message}");
        }
        else if (bucket.IsLive)
        {
            StateComparison.Verify(front.Front.Name, parts.Board.State, bucket.Database);
        }
    }

    /// <summary>Without faults all goes on: each front takes a write, a front that runs leads, leases run out, watches bring all.</summary>
    private void RunQuietly()
    {
        foreach (var front in _world.Fronts)
        {
            Await(Patience, $"{front.Name} acknowledges a write", TakesWrite(front, BucketNames.Default));
        }

        Await(Patience, "a front leads that runs", () =>
            _world.Fronts.Exists(front => front.Running is { IsFenced: false } running && running.Id == _world.Database.Tables.Last.Leader));
        _clients.ForEach(static client => client.IsStopping = true);
        Await(Patience, "the clients stop", () => _clients.TrueForAll(static client => client.HasStopped));
        RunBucketsQuietly();
        Await(LeasesPatience, "all leases run out", () => LiveBuckets.All(
            static bucket => bucket.Database.Tables is { Leases.IsEmpty: true, LeaseKeys.IsEmpty: true }));
        Await(Patience, "the watches bring everything", () => _watchers.TrueForAll(static watcher => watcher.IsComplete));
        Await(Patience, "all fronts know the last row", () => _world.Fronts.TrueForAll(front =>
            front.Running is { IsFenced: false, Parts: { } parts } && parts.Board.State.Last.Seq == _world.Database.Tables.Last.Seq));
    }

    private IEnumerable<BucketRecord> LiveBuckets => _world.Buckets.Values.Where(static bucket => bucket.IsLive);

    /// <summary>Each front takes a write in each bucket, fronts lead them that run, watches end or bring everything, and what removed
    /// buckets have left goes.</summary>
    private void RunBucketsQuietly()
    {
        foreach (var bucket in LiveBuckets.ToList())
        {
            // What a client has asked for that waits no more may still remove it.
            foreach (var front in _world.Fronts)
            {
                var takesWrite = TakesWrite(front, bucket.Name);
                Await(Patience, $"{front.Name} acknowledges a write in the bucket {bucket.Name}", () => !bucket.IsLive || takesWrite());
            }

            Await(Patience, $"a front leads the bucket {bucket.Name} that runs", () =>
                !bucket.IsLive || _world.Fronts.Exists(front => front.Running?.Id == bucket.Database.Tables.Last.Leader));
        }

        Await(Patience, "the watches of buckets bring everything, or end", () => _bucketWatchers.TrueForAll(static watcher => watcher.IsComplete));
        Await(Patience, "removed buckets are deleted", () => !Rows().Any(static row => row.IsRemoved));
    }

    private IReadOnlyList<BucketRow> Rows()
    {
        using var session = _world.Database.Open();
        return session.Buckets();
    }

    private Func<bool> TakesWrite(SimulatedFront front, string bucket)
    {
        Task<Reply<PutResponse>>? asked = null;
        return () =>
        {
            if (asked is null || (asked.IsCompleted && !asked.Result.HasAnswer))
            {
                asked = front.Running is { } running ? AskAsync(running, bucket) : null;
            }

            return asked is { IsCompleted: true, Result.HasAnswer: true };
        };
    }

    private Task<Reply<PutResponse>> AskAsync(FrontIncarnation front, string bucket)
    {
        var put = new PutRequest { Key = Encoding.UTF8.GetBytes("quiet"), Value = default };
        return FrontClient.AskAsync(_world, front, PutAsync, Scheduler.Second * 10);

        async ValueTask<PutResponse> PutAsync()
        {
            IKeyValueService? keys = front.Parts!.Service;
            if (bucket != BucketNames.Default)
            {
                keys = (await front.Buckets!.FindAsync(bucket, CancellationToken.None))?.Keys ?? throw BucketNames.NotFound(bucket);
            }

            return await keys.PutAsync(Caller.Nobody, put, CancellationToken.None);
        }
    }

    private void Await(long patience, string what, Func<bool> holds)
    {
        var until = _world.Now + patience;
        while (!holds())
        {
            Require(_world.Now < until, $"without faults it has not come about that {what}");
            _world.RunUntil(_world.Now + (50 * Scheduler.Millisecond));
        }
    }

    private void Verify()
    {
        _world.VerifyHistory();
        foreach (var front in _world.Fronts)
        {
            Look(front.Running!);
        }

        _watchers.ForEach(static watcher => watcher.Verify());
    }

    private Outcome Judge(ulong seed, string? failure)
    {
        var record = _world.Record;
        var writes = _world.Writes + _world.History.Acknowledged;
        var reads = _world.Reads + _world.History.Reads;
        return new Outcome(
            seed, failure, _trace.Hash, _world.Now / (double)Scheduler.Second, _world.Scheduler.EventsRun)
        {
            Faults = _nemesis.Count,
            Entries = (ulong)record.Rows,
            Writes = writes,
            Reads = reads,
            LeaderChanges = record.LeaderChanges,
            Renewals = _world.Leases.Held,
            Ended = _world.Leases.Ended,
            Summary = $"{_world.Fronts.Count} fronts, {_nemesis.Count} faults, {record.Rows} rows, {record.LeaderChanges} leader changes, "
                + $"{writes} writes, {reads} reads, {_world.History.Unknown} unknown, {_world.Leases.Held} leases held, "
                + $"{_world.Leases.Ended} ended, {_world.Buckets.Count} buckets, {_world.Era} times history lost",
        };
    }
}
