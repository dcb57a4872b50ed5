using System.Text;
using Raftd.Sql.Database;
using static Raftd.Testing.Histories.SafetyViolationException;

namespace Raftd.Simulation.Fronts.Checkers;

/// <summary>No lease, and no key with a deadline of its own, ends before the time that its client was told of is over by the fastest
/// clock there may be.</summary>
/// <remarks>The time is counted from when the client asked: it cannot know better.</remarks>
internal sealed class FrontLeaseChecker(FrontWorld world)
{
    private readonly Dictionary<string, long> _heldUntil = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _endedAt = new(StringComparer.Ordinal);
    private readonly HashSet<string> _isGivenUp = new(StringComparer.Ordinal);

    public int Held { get; private set; }

    public int Ended { get; private set; }

    public static string NameOf(long lease) => $"lease {lease}";

    /// <summary>A client was told that it has a lease, or a key, for so long from the time when it asked.</summary>
    public void Holds(string what, long ttlSeconds, long asked)
    {
        var until = asked + (long)(ttlSeconds * Scheduler.Second / (1 + FrontSwarm.MaxClockSkew));
        _heldUntil[what] = Math.Max(until, _heldUntil.GetValueOrDefault(what));
        Held++;
        if (_endedAt.TryGetValue(what, out var ended))
        {
            RequireNotEarly(what, ended);
        }
    }

    /// <summary>A client has asked for its end.</summary>
    public void GiveUp(string what) => _isGivenUp.Add(what);

    public void Committed(Batch batch)
    {
        foreach (var (id, _) in batch.Leases.Where(static change => change.Lease is null))
        {
            End(NameOf(id));
        }

        foreach (var (key, row) in batch.Keys)
        {
            var name = Encoding.UTF8.GetString(key);
            if (row is null)
            {
                End(name);
            }
            else
            {
                // What ended before was another one.
                _endedAt.Remove(name);
            }
        }
    }

    /// <summary>Nothing that clients were told holds any more.</summary>
    public void LoseHistory()
    {
        _heldUntil.Clear();
        _endedAt.Clear();
    }

    private void End(string what)
    {
        _endedAt[what] = world.Now;
        Ended++;
        RequireNotEarly(what, world.Now);
    }

    private void RequireNotEarly(string what, long ended)
    {
        var until = _heldUntil.GetValueOrDefault(what);
        Require(
            until <= ended || _isGivenUp.Contains(what),
            $"{what} ended at {ended / 1e6:0.000} s, its client may hold it until {until / 1e6:0.000} s");
    }
}
