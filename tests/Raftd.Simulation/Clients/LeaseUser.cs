using System.Text;
using Raftd.Contract;
using Raftd.Simulation.Checkers;
using Raftd.Simulation.Members;
using Raftd.State.Commands;
using Raftd.Testing;

namespace Raftd.Simulation.Clients;

/// <summary>What clients of leases have in common: how they ask, and what the checker is told of the answers.</summary>
internal abstract class LeaseUser(Cluster cluster, Dice dice, string name) : Client(cluster, dice, name)
{
    protected enum Answer
    {
        Yes,

        /// <summary>Surely not done.</summary>
        No,

        /// <summary>Refused by the state: there is no such lease, or the request is against the rules.</summary>
        Gone,

        Unknown,
    }

    protected LeaseChecker Leases => Cluster.Checkers.Leases;

    protected long Now => Cluster.Scheduler.Now;

    protected void Propose(Incarnation member, ReadOnlyMemory<byte> command, Action<Answer> then) =>
        new WaitingProposal(this, command, member.Peers.Router.ProposeAsync(command), then).Send(member);

    /// <summary>Renews the lease, and the key with its data where they are given.</summary>
    /// <param name="own">The key as keepalives name it; null for the lease and all its keys.</param>
    protected void Renew(Incarnation member, TrackedLease lease, string? own, string data, Action<Answer> then)
    {
        lease.UnclaimedUntil = 0;
        var asked = Now;
        var request = new LeaseKeepAliveRequest
        {
            Id = lease.Id,
            Key = own is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(own),
            Data = own is null ? (ReadOnlyMemory<byte>?)null : Encoding.UTF8.GetBytes(data),
        };
        new WaitingRenewal(this, request, member.Peers.Router.CallAsync(member.Peers.Calls.Leases.KeepAlive, Caller.Nobody, request), answer =>
        {
            if (answer == Answer.Yes)
            {
                NoteRenewed(lease, own is null ? null : lease.OwnKey(own), asked);
            }

            if (answer == Answer.Gone)
            {
                LeaseChecker.IsGone(lease);
            }

            then(answer);
        }).Send(member);
    }

    /// <summary>Sets the lease's plain key, attached to it.</summary>
    protected void Attach(Incarnation member, TrackedLease lease, string value, bool isFirst, Action<Answer> then)
    {
        lease.UnclaimedUntil = 0;
        var asked = Now;
        Propose(member, Put(lease.PlainKey, value, lease.Id), answer =>
        {
            // The first key or renewal starts the time of a REST lease; later keys leave it alone.
            if (answer == Answer.Yes && isFirst && lease.Kind == LeaseKind.Rest)
            {
                Leases.Holds(lease, asked);
            }

            then(answer);
        });
    }

    protected static ReadOnlyMemory<byte> Put(string key, string value, long lease) => By.Nobody.Put(new PutRequest
    {
        Key = Encoding.UTF8.GetBytes(key),
        Value = Encoding.UTF8.GetBytes(value),
        Lease = lease,
    });

    protected static ReadOnlyMemory<byte> HiddenPut(string key, long id, long ttlSeconds) => By.Nobody.Put(
        new PutRequest
        {
            Key = Encoding.UTF8.GetBytes(key),
            Value = Encoding.UTF8.GetBytes($"{key} of {id}"),
            TtlSeconds = ttlSeconds,
        },
        id);

    private void NoteRenewed(TrackedLease lease, TrackedKey? key, long asked)
    {
        if (key is null)
        {
            Leases.Holds(lease, asked);
        }
        else
        {
            Leases.HoldsKey(lease, key, asked);
        }
    }

    private sealed class WaitingProposal(
        Client client, ReadOnlyMemory<byte> command, Task<CommandResult> proposed, Action<Answer> then) : Request(client)
    {
        public override string ToString()
        {
            CommandCodec.TryDecode(command, out var decoded);
            var what = decoded switch
            {
                PutCommand put => $"put {Encoding.UTF8.GetString(put.Key.Span)}, lease {put.Lease}, hidden {put.HiddenLease}",
                DeleteRangeCommand delete => $"delete {Encoding.UTF8.GetString(delete.Key.Span)}",
                LeaseGrantCommand grant => $"grant {grant.Id} of {grant.TtlSeconds} s, {grant.Kind}",
                _ => decoded?.ToString(),
            };
            return proposed.IsCompletedSuccessfully ? $"{what}: {proposed.Result}" : $"{what}: {proposed.Status}";
        }

        protected override bool TryFinish()
        {
            if (!proposed.IsCompleted)
            {
                return false;
            }

            then(Asked.EndingOf(proposed) switch
            {
                Ending.Done => proposed.Result switch
                {
                    // By an alarm, in apply: it is in the log, and the checker of the log cannot tell that it changed nothing.
                    ErrorResult { Error: ApplyError.NoSpace } => Answer.Unknown,
                    ErrorResult => Answer.Gone,
                    _ => Answer.Yes,
                },
                Ending.Unknown => Answer.Unknown,
                _ => Answer.No,
            });
            return true;
        }

        protected override void GiveUp() => then(Answer.Unknown);
    }

    private sealed class WaitingRenewal(
        Client client, LeaseKeepAliveRequest request, Task<LeaseKeepAliveResponse> renewal, Action<Answer> then) : Request(client)
    {
        public override string ToString() =>
            $"renew {request.Id} {(request.Key is { } key ? Encoding.UTF8.GetString(key.Span) : "all")}: {renewal.Status}";

        protected override bool TryFinish()
        {
            if (!renewal.IsCompleted)
            {
                return false;
            }

            then(Asked.EndingOf(renewal) switch
            {
                Ending.Done => Answer.Yes,
                Ending.Refused when renewal.Exception!.InnerException is StoreException { Code: ErrorCode.NotFound } => Answer.Gone,
                _ => Answer.Unknown,
            });
            return true;
        }

        protected override void GiveUp() => then(Answer.Unknown);
    }
}
