using Raftd.Simulation.Clients;
using Raftd.Simulation.Faults;

namespace Raftd.Simulation;

/// <summary>One seed, from an empty disk to the last check.</summary>
internal sealed class Simulation
{
    private const int Watchers = 2;

    private readonly Cluster _cluster;
    private readonly Nemesis _nemesis;
    private readonly LeaderHunt _hunt;
    private readonly Trace _trace;
    private readonly List<Client> _clients = [];

    private Simulation(Arguments arguments, ulong seed, TextWriter? output)
    {
        var dice = new Dice(seed);
        var drawn = arguments.Leases ? Swarm.DrawLeases(dice.Fork())
            : arguments.LongLeases ? Swarm.DrawLongLeases(dice.Fork())
            : Swarm.Draw(dice.Fork());
        var swarm = drawn with
        {
            FaultSeconds = arguments.VirtualSeconds ?? drawn.FaultSeconds,
            Members = arguments.Members ?? drawn.Members,
        };
        _trace = new Trace(output);
        _cluster = new Cluster(swarm, dice.Fork(), _trace);
        _nemesis = new Nemesis(_cluster, dice.Fork());
        for (var i = 1; i <= swarm.Clients; i++)
        {
            _clients.Add(new KeyClient(_cluster, dice.Fork(), $"c{i}"));
        }

        for (var i = 1; i <= swarm.LeaseClients; i++)
        {
            _clients.Add(new LeaseClient(_cluster, dice.Fork(), $"l{i}", i));
        }

        for (var i = 1; i <= swarm.LeaseHolders; i++)
        {
            _clients.Add(new LeaseHolder(_cluster, dice.Fork(), $"h{i}", i));
        }

        for (var i = 1; i <= swarm.LeaseSleepers; i++)
        {
            _clients.Add(new LeaseSleeper(_cluster, dice.Fork(), $"s{i}", swarm.LeaseHolders + i));
        }

        for (var i = 1; i <= swarm.LeaseRivals; i++)
        {
            _clients.Add(new LeaseRival(_cluster, dice.Fork(), $"r{i}"));
        }

        _hunt = new LeaderHunt(_cluster, dice.Fork());
        for (var i = 1; i <= Watchers; i++)
        {
            _clients.Add(new WatchClient(_cluster, dice.Fork(), $"w{i}"));
        }
    }

    /// <param name="arguments">Which kind of run, and its length.</param>
    /// <param name="seed">All else there is to know.</param>
    /// <param name="output">Gets the trace; null for none.</param>
    public static Outcome Run(Arguments arguments, ulong seed, TextWriter? output)
    {
        var simulation = new Simulation(arguments, seed, output);
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
            // An exception out of a step would have stopped the process: an invariant of the product, or a plain bug.
            failure = unexpected.ToString();
        }

        return simulation.Judge(seed, failure);
    }

    private void Run()
    {
        _cluster.Say("swarm", _cluster.Swarm.ToString());
        _cluster.Say("swarm", string.Join(' ', _cluster.Swarm.Faults));
        _cluster.Found();
        _clients.ForEach(client => client.Start());
        _nemesis.Start();
        _hunt.Start();
        _cluster.Checkers.Bounds.Start();
        _cluster.Replacement.Start();
        if (_cluster.Swarm.TimesLeases)
        {
            _cluster.Checkers.Leases.Start();
        }

        if (_cluster.Swarm.ChangesMembership)
        {
            _cluster.Membership.Start();
        }

        _cluster.Scheduler.RunUntil(_cluster.Swarm.FaultSeconds * Scheduler.Second);
        _cluster.Say("fault", "all is mended");
        _nemesis.Stop();
        new QuietPhase(_cluster, _clients).Run();
    }

    private Outcome Judge(ulong seed, string? failure)
    {
        var checkers = _cluster.Checkers;
        return new Outcome(
            seed, failure, _trace.Hash, _cluster.Scheduler.Now / (double)Scheduler.Second, _cluster.Scheduler.EventsRun)
        {
            Replaced = _cluster.Replacement.Count,
            Faults = _nemesis.Count + _hunt.Strikes,
            Entries = checkers.KnownCommitted,
            Writes = checkers.History.Acknowledged,
            Reads = checkers.History.Reads,
            LeaderChanges = checkers.Reign.Changes,
            Granted = checkers.Leases.Granted,
            Renewals = checkers.Leases.Renewals,
            Ended = checkers.Leases.Ended,
            Early = checkers.Leases.Early,
            Immortal = checkers.Leases.Immortal,
            Summary = $"{_cluster.Members.Count} members, {_nemesis.Count + _hunt.Strikes} faults, {checkers.KnownCommitted} entries, "
                + $"{checkers.History.Acknowledged} writes, {checkers.History.Reads} reads, {checkers.History.Unknown} unknown, "
                + $"{checkers.Leases.Renewals} renewals, {checkers.Leases.Ended} leases ended",
        };
    }
}
