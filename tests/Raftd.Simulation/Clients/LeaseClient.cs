using System.Text;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;
using Raftd.Store.Commands;

namespace Raftd.Simulation.Clients;

/// <summary>Grants a lease, attaches a key, renews it for a while in one of several ways, and lets it run out or revokes
/// it. Then the next.</summary>
internal sealed class LeaseClient(Cluster cluster, Dice dice, string name, int number) : Client(cluster, dice, name)
{
    private const long Pause = Scheduler.Second / 20;

    private TrackedLease? _lease;
    private long _ttlSeconds;
    private LeaseKind _kind;
    private bool _hasClaimed;
    private bool _usesOwnKey;
    private int _renewalsLeft;
    private int _made;

    private enum Answer
    {
        Yes,

        /// <summary>Surely not done.</summary>
        No,

        /// <summary>The state says that there is no such lease.</summary>
        Gone,

        Unknown,
    }

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
            Propose(member, CommandFactory.LeaseRevoke(lease.Id), answer => Leave(answer is not Answer.No));
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
        _kind = Dice.Chance(0.5) ? LeaseKind.Rest : LeaseKind.Etcd;
        _hasClaimed = false;
        _usesOwnKey = Dice.Chance(0.5);
        _renewalsLeft = Dice.Next(30);
        var lease = Cluster.Checkers.Leases.Begin((number * 1_000_000L) + ++_made, Name, _ttlSeconds);
        var asked = Cluster.Scheduler.Now;
        Propose(member, CommandFactory.LeaseGrant(lease.Id, Name, _ttlSeconds, unique: false, _kind), answer =>
        {
            if (answer == Answer.Yes)
            {
                _lease = lease;
                if (_kind == LeaseKind.Etcd)
                {
                    Cluster.Checkers.Leases.Holds(lease, asked);
                }
            }

            Rest(Pause);
        });
    }

    private void Use(Incarnation member, TrackedLease lease)
    {
        _renewalsLeft--;
        if (!_hasClaimed && Dice.Chance(0.7))
        {
            Attach(member, lease);
        }
        else
        {
            Renew(member, lease);
        }
    }

    private void Attach(Incarnation member, TrackedLease lease)
    {
        var isFirst = !_hasClaimed;
        _hasClaimed = true;
        var asked = Cluster.Scheduler.Now;
        var put = new PutRequest
        {
            Key = Encoding.UTF8.GetBytes(lease.PlainKey),
            Value = Encoding.UTF8.GetBytes($"{lease.PlainKey} of {Name}, {_renewalsLeft} to go"),
            Lease = lease.Id,
        };
        Propose(member, CommandFactory.Put(put), answer =>
        {
            // The first key or renewal starts the time of a REST lease; later keys leave it alone.
            if (answer == Answer.Yes && isFirst && _kind == LeaseKind.Rest)
            {
                Cluster.Checkers.Leases.Holds(lease, asked);
            }

            Continue(answer);
        });
    }

    private void Renew(Incarnation member, TrackedLease lease)
    {
        _hasClaimed = true;
        var asked = Cluster.Scheduler.Now;
        var withKey = _usesOwnKey && Dice.Chance(0.7);
        var request = new LeaseKeepAliveRequest
        {
            Id = lease.Id,
            Key = withKey ? "own"u8.ToArray() : (ReadOnlyMemory<byte>?)null,
            Data = withKey ? Encoding.UTF8.GetBytes($"data {_renewalsLeft / 4}") : (ReadOnlyMemory<byte>?)null,
        };
        new LeaseRenewal(this, Cluster.Scheduler, member, request, answer =>
        {
            if (answer == RenewalAnswer.Renewed)
            {
                NoteRenewed(lease, withKey, asked);
            }

            Continue(answer == RenewalAnswer.Gone ? Answer.Gone : Answer.Unknown);
        }).Send(member);
    }

    private void NoteRenewed(TrackedLease lease, bool withKey, long asked)
    {
        if (withKey)
        {
            Cluster.Checkers.Leases.HoldsKey(lease, asked);
        }
        else
        {
            Cluster.Checkers.Leases.Holds(lease, asked);
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

    private void Propose(Incarnation member, ReadOnlyMemory<byte> command, Action<Answer> then) =>
        new WaitingProposal(this, member.Replica.ProposeAsync(command), then).Send(member);

    private sealed class WaitingProposal(Client client, Task<ProposalOutcome> proposed, Action<Answer> then) : Request(client)
    {
        protected override bool TryFinish()
        {
            if (!proposed.IsCompleted)
            {
                return false;
            }

            var outcome = proposed.Result;
            then(outcome.End switch
            {
                ProposalEnd.Applied => outcome.Result is ErrorResult ? Answer.Gone : Answer.Yes,
                ProposalEnd.Unknown => Answer.Unknown,
                _ => Answer.No,
            });
            return true;
        }

        protected override void GiveUp() => then(Answer.Unknown);
    }
}
