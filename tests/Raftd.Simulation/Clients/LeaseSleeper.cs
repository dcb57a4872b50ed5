using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;

namespace Raftd.Simulation.Clients;

/// <summary>Sets one key with a day to live and never asks for it again. However often leaders change, it is gone within
/// twice its time, by the clock on the wall.</summary>
internal sealed class LeaseSleeper(Cluster cluster, Dice dice, string name, int number) : LeaseUser(cluster, dice, name)
{
    public const long TtlSeconds = 86_400;

    private const long Pause = 10 * Scheduler.Second;

    private bool _isSet;
    private int _made;

    protected override void Act(Incarnation member)
    {
        if (_isSet)
        {
            Rest(Pause);
            return;
        }

        var lease = Leases.BeginHidden((number * 1_000_000L) + ++_made, $"day-{Name}-{_made}", TtlSeconds);
        var asked = Now;
        After(2 * TtlSeconds * Scheduler.Second, () => MustHaveEnded(lease));
        Propose(member, HiddenPut(lease.PlainKey, lease.Id, TtlSeconds), answer =>
        {
            _isSet = answer != Answer.No;
            if (answer == Answer.Yes)
            {
                Leases.Holds(lease, asked);
            }
            else if (answer == Answer.No)
            {
                Leases.WasNotGranted(lease);
            }

            Rest(Pause);
        });
    }

    private static void MustHaveEnded(TrackedLease lease) => SafetyViolationException.Require(
        lease.GrantIndex == 0 || lease.EndedAt is not null,
        $"immortal: lease {lease.Id} lives after twice its time to live of {TtlSeconds} s");
}
