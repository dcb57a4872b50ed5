using Raftd.Contract;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;
using Raftd.Testing;

namespace Raftd.Simulation.Clients;

/// <summary>Grants a lease, attaches a key, renews it for a while in one of several ways, and lets it run out or revokes
/// it. Then the next.</summary>
internal sealed class LeaseClient(Cluster cluster, Dice dice, string name, int number) : LeaseUser(cluster, dice, name)
{
    private const long Pause = Scheduler.Second / 20;

    private TrackedLease? _lease;
    private long _ttlSeconds;
    private bool _hasClaimed;
    private bool _usesOwnKey;
    private int _renewalsLeft;
    private int _made;

    protected override void Act(Incarnation member)
    {
        if (_lease is not { } lease)
        {
            Grant(member);
        }
        else if (_renewalsLeft > 0 && !IsStopping)
        {
            Use(member, lease);
        }
        else if (Dice.Chance(0.3))
        {
            lease.IsRevoked = true;
            Propose(member, By.Nobody.LeaseRevoke(lease.Id), answer => Leave(answer is not Answer.No));
        }
        else
        {
            Leave(true);
        }
    }

    /// <summary>Ids are never used twice, by whomever.</summary>
    private void Grant(Incarnation member)
    {
        if (IsStopping)
        {
            Rest(Pause);
            return;
        }

        _ttlSeconds = Dice.Between(2, 8);
        var kind = Dice.Chance(0.5) ? LeaseKind.Rest : LeaseKind.Etcd;
        _hasClaimed = false;
        _usesOwnKey = Dice.Chance(0.5);
        _renewalsLeft = Dice.Next(30);
        var lease = Leases.Begin((number * 1_000_000L) + ++_made, Name, _ttlSeconds, kind);
        var asked = Now;
        Propose(member, By.Nobody.LeaseGrant(lease.Id, Name, _ttlSeconds, unique: false, kind), answer =>
        {
            if (answer == Answer.Yes)
            {
                _lease = lease;
                if (kind == LeaseKind.Etcd)
                {
                    Leases.Holds(lease, asked);
                }
            }
            else if (answer == Answer.No)
            {
                Leases.WasNotGranted(lease);
            }

            Rest(Pause);
        });
    }

    private void Use(Incarnation member, TrackedLease lease)
    {
        _renewalsLeft--;
        var isFirst = !_hasClaimed;
        if (isFirst && Dice.Chance(0.7))
        {
            _hasClaimed = true;
            Attach(member, lease, $"{lease.PlainKey} of {Name}, {_renewalsLeft} to go", isFirst, Continue);
        }
        else
        {
            _hasClaimed = true;
            var withKey = _usesOwnKey && Dice.Chance(0.7);
            Renew(member, lease, withKey ? "own" : null, $"data {_renewalsLeft / 4}", answer =>
                Continue(answer == Answer.Yes ? Answer.Unknown : answer));
        }
    }

    /// <summary>The pause is drawn so that some leases run out although their client still wants them.</summary>
    private void Continue(Answer answer)
    {
        if (answer == Answer.Gone)
        {
            _lease = null;
        }

        Rest(_ttlSeconds * Scheduler.Second / (Dice.Chance(0.8) ? 6 : 1));
    }

    private void Leave(bool left)
    {
        _lease = left ? null : _lease;
        Rest(Pause);
    }
}
