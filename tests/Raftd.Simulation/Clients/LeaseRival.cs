using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;
using Raftd.Testing;

namespace Raftd.Simulation.Clients;

/// <summary>Meddles with the leases of others: renews, revokes, takes or deletes their keys, often at the very moment at
/// which they run out.</summary>
internal sealed class LeaseRival(Cluster cluster, Dice dice, string name) : LeaseUser(cluster, dice, name)
{
    private TrackedLease? _target;
    private int _made;

    protected override void Act(Incarnation member)
    {
        if (_target is { } target)
        {
            _target = null;
            Meddle(member, target);
            return;
        }

        if (Leases.Shared is { Count: > 0 } shared)
        {
            _target = Dice.Pick(shared);
            RestFor(DrawMoment(_target));
        }
        else
        {
            Rest(Scheduler.Second);
        }
    }

    /// <summary>Around the end of its time by the clocks of members, if that is soon; else now.</summary>
    private long DrawMoment(TrackedLease lease)
    {
        var ttl = Math.Min(lease.TtlMicroseconds, 20 * Scheduler.Second);
        var left = lease.HeldUntil - Now;
        return left < 25 * Scheduler.Second && Dice.Chance(0.7) ? left + Dice.Between(-ttl / 10, ttl / 3) : 1;
    }

    private void Meddle(Incarnation member, TrackedLease lease)
    {
        switch (Dice.Next(100))
        {
            case < 30:
                Renew(member, lease, own: null, "", Done);
                break;
            case < 45 when !lease.IsHidden:
                Renew(member, lease, Dice.Pick(["first", "second"]), $"{Name} {++_made}", Done);
                break;
            case < 60:
                lease.IsRevoked = true;
                Propose(member, By.Nobody.LeaseRevoke(lease.Id), Done);
                break;
            default:
                TakeKey(member, lease);
                break;
        }
    }

    /// <summary>Puts or deletes one of its keys, which lets go of the lease, or ends it if it was hidden.</summary>
    private void TakeKey(Incarnation member, TrackedLease lease)
    {
        lease.IsContested = true;
        lease.IsRevoked |= lease.IsHidden;
        var key = lease.PlainKey;
        if (lease.OwnKeys.Count > 0 && Dice.Chance(0.6))
        {
            var own = lease.OwnKeys.ElementAt(Dice.Next(lease.OwnKeys.Count));
            own.IsContested = true;
            key = own.Full;
        }

        var sameLease = !lease.IsHidden && Dice.Chance(0.3) ? lease.Id : 0;
        lease.UnclaimedUntil = 0;
        Propose(
            member,
            Dice.Chance(0.5)
                ? By.Nobody.DeleteRange(new DeleteRangeRequest { Key = Encoding.UTF8.GetBytes(key) })
                : Put(key, $"{Name} {++_made}", sameLease),
            Done);
    }

    private void Done(Answer answer) => Rest(Scheduler.Second / 2);
}
