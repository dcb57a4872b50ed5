using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;
using Raftd.Testing;

namespace Raftd.Simulation.Clients;

/// <summary>Holds one lease after another: of all kinds, of times to live from the shortest to the longest, renewed in time
/// or just as it runs out, with keys of which one may fall silent before the others, revoked in the end or left alone.</summary>
internal sealed class LeaseHolder(Cluster cluster, Dice dice, string name, int number) : LeaseUser(cluster, dice, name)
{
    private const long Pause = Scheduler.Second / 20;

    private static readonly long[] OutOfRange = [0, -1, long.MinValue, Bounds.MaxLeaseTtlSeconds + 1, long.MaxValue];

    // Leases without an end that may have been granted: revoked before this client stops.
    private readonly List<TrackedLease> _endless = [];
    private TrackedLease? _lease;
    private bool _hasClaimed;
    private bool _isRevokedAtEnd;
    private int _renewalsLeft;

    // From that many renewals left, only its second own key is named.
    private int _firstKeySilentFrom;
    private bool _usesOwnKeys;
    private int _made;

    protected override bool MayStop => _endless.Count == 0;

    protected override void Act(Incarnation member)
    {
        if (IsStopping)
        {
            _lease = null;
            Revoke(member, _endless[0]);
        }
        else if (_lease is not { } lease)
        {
            Begin(member);
        }
        else if (_renewalsLeft > 0)
        {
            Use(member, lease);
        }
        else if (_isRevokedAtEnd)
        {
            Revoke(member, lease);
        }
        else
        {
            // Falls silent: the checker knows how long it may still live.
            _lease = null;
            Rest(Pause);
        }
    }

    private void Begin(Incarnation member)
    {
        if (Dice.Chance(0.05))
        {
            TryOutOfRange(member);
            return;
        }

        var isEndless = Dice.Chance(0.05);
        var ttlSeconds = isEndless ? Bounds.MaxLeaseTtlSeconds : Dice.Pick(Cluster.Swarm.LeaseTtls);
        _hasClaimed = false;
        _usesOwnKeys = Dice.Chance(0.6);
        _renewalsLeft = Dice.Chance(0.1) ? 0 : Dice.Next(15);
        _firstKeySilentFrom = Dice.Next(15);
        _isRevokedAtEnd = isEndless || Dice.Chance(0.2);
        if (Dice.Chance(0.2))
        {
            PutHidden(member, Leases.BeginHidden(NextId(), $"hidden-{Name}-{_made}", ttlSeconds), isEndless);
        }
        else
        {
            var kind = Dice.Chance(0.5) ? LeaseKind.Rest : LeaseKind.Etcd;
            Grant(member, Leases.Begin(NextId(), Name, ttlSeconds, kind), isEndless);
        }
    }

    /// <summary>Ids are never used twice, by whomever.</summary>
    private long NextId() => (number * 1_000_000L) + ++_made;

    private void Grant(Incarnation member, TrackedLease lease, bool isEndless)
    {
        var asked = Now;
        Propose(member, By.Nobody.LeaseGrant(lease.Id, Name, lease.TtlSeconds, unique: false, lease.Kind), answer =>
        {
            if (answer == Answer.Yes && lease.Kind == LeaseKind.Etcd)
            {
                Leases.Holds(lease, asked);
            }
            else if (answer == Answer.Yes)
            {
                Leases.IsUnclaimed(lease, asked);
            }

            Granted(lease, answer, isEndless);
        });
    }

    private void PutHidden(Incarnation member, TrackedLease lease, bool isEndless)
    {
        var asked = Now;
        Propose(member, HiddenPut(lease.PlainKey, lease.Id, lease.TtlSeconds), answer =>
        {
            if (answer == Answer.Yes)
            {
                Leases.Holds(lease, asked);
            }

            Granted(lease, answer, isEndless);
        });
    }

    private void Granted(TrackedLease lease, Answer answer, bool isEndless)
    {
        SafetyViolationException.Require(answer != Answer.Gone, $"the grant of lease {lease.Id} was refused");
        if (isEndless && answer is Answer.Yes or Answer.Unknown)
        {
            _endless.Add(lease);
        }

        if (answer == Answer.No)
        {
            Leases.WasNotGranted(lease);
        }

        if (answer == Answer.Yes)
        {
            _lease = lease;
            lease.IsShared = _renewalsLeft > 0 && Dice.Chance(0.4);
        }

        Rest(Pause);
    }

    private void TryOutOfRange(Incarnation member)
    {
        var (id, ttlSeconds) = (NextId(), Dice.Pick(OutOfRange));
        var key = $"hidden-{Name}-{id}";
        var command = ttlSeconds > 0 && Dice.Chance(0.5)
            ? HiddenPut(key, id, ttlSeconds)
            : By.Nobody.LeaseGrant(id, Name, ttlSeconds, unique: false, LeaseKind.Rest);
        Propose(member, command, answer =>
        {
            SafetyViolationException.Require(answer != Answer.Yes, $"a time to live of {ttlSeconds} s was granted");
            var isThere = member.Parts.Lessor.TimeToLive(id) is not null
                || member.Parts.State.TryGet(Encoding.UTF8.GetBytes(key), out _);
            SafetyViolationException.Require(!isThere, $"a refused time to live of {ttlSeconds} s has left something");
            Rest(Pause);
        });
    }

    private void Use(Incarnation member, TrackedLease lease)
    {
        _renewalsLeft--;
        var isFirst = !_hasClaimed;
        _hasClaimed = true;
        if (!lease.IsHidden && Dice.Chance(0.2))
        {
            Attach(member, lease, $"{lease.PlainKey} of {Name}, {_renewalsLeft} to go", isFirst && !lease.IsShared, Continue);
        }
        else
        {
            Renew(member, lease, lease.IsHidden ? null : DrawKey(), $"data {_renewalsLeft / 4}", Continue);
        }
    }

    /// <summary>Null for the lease and all its keys.</summary>
    private string? DrawKey()
    {
        if (!_usesOwnKeys)
        {
            return null;
        }

        return _renewalsLeft < _firstKeySilentFrom ? "second" : Dice.Pick(["first", "second", null]);
    }

    private void Continue(Answer answer)
    {
        if (answer == Answer.Gone)
        {
            _lease = null;
        }

        RestFor(_lease is { } lease ? DrawPause(lease) : Pause);
    }

    /// <summary>In time mostly; sometimes when the clocks of members do not agree whether its time is over.</summary>
    private long DrawPause(TrackedLease lease)
    {
        var ttl = Math.Min(lease.TtlMicroseconds, Cluster.Swarm.LongestPauseSeconds * Scheduler.Second);
        return Dice.Chance(0.85) ? Dice.Between(ttl / 5, ttl * 2 / 5) : ttl + Dice.Between(-ttl / 10, ttl / 3);
    }

    private void Revoke(Incarnation member, TrackedLease lease)
    {
        lease.IsRevoked = true;
        Propose(member, By.Nobody.LeaseRevoke(lease.Id), answer =>
        {
            if (answer is Answer.Yes or Answer.Gone)
            {
                _endless.Remove(lease);
                _lease = null;
            }

            Rest(Pause);
        });
    }
}
