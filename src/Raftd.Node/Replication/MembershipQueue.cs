// Requests to a leader that concern the members, one after the other.
//
// Each change is a configuration entry that the core guards (Raft thesis 4.1; docs/raft.md). A configuration counts from
// append, but may be rolled back until it is committed. An answer that needs no entry of its own ("known already", "no such
// member") must not be based on one that may yet be rolled back. So:
//
//   1. Nothing is decided while the newest configuration is not committed, or while the level may be rising (LevelRaiser).
//      The request waits for its turn, and is answered not_ready if its turn does not come in time.
//   2. A decision that is an entry is answered once the entry is applied.
//   3. Any other decision names its term, and the service makes a round of heartbeats before it answers: a leader that was
//      deposed without knowing it has not heard of the members added or removed since.
//
// Answers are given after the step has published its status, so that a client that asks for the members next sees the
// change.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Membership.Changes;
using Raftd.Raft;
using Raftd.State.Leading;

namespace Raftd.Node.Replication;

/// <summary>Part of the replica: owned by its thread.</summary>
internal sealed class MembershipQueue(Replica replica, TimeSpan timeLimit, TimeProvider time, ILogger logger)
{
    // In the order of their deadlines, which is that of their arrival.
    private readonly Queue<MembershipRequest> _waiting = new();

    private readonly List<(MembershipRequest Request, MembershipOutcome Outcome)> _ended = [];

    // The request whose turn it is: its entry, or the transfer of leadership, is under way.
    private MembershipRequest? _current;
    private Proposal? _entry;
    private Configuration _next = Configuration.Empty;
    private ulong _heir;

    public void Add(MembershipRequest request) => _waiting.Enqueue(request);

    /// <summary>In each step, before the gathered commands are proposed.</summary>
    public void Decide()
    {
        EndOverdue();
        while (MayDecide && _waiting.TryPeek(out var request) && TryDecide(request))
        {
            _waiting.Dequeue();
        }
    }

    /// <summary>In each step, after its status is published.</summary>
    public void Answer()
    {
        if (_current is { } request && OutcomeOf(request) is { } outcome)
        {
            End(request, outcome);
            (_current, _entry) = (null, null);
        }

        foreach (var (ended, with) in _ended)
        {
            ended.SetResult(with);
        }

        _ended.Clear();
    }

    /// <summary>The member stops, and its proposals have ended.</summary>
    public void EndAll()
    {
        while (_waiting.TryDequeue(out var request))
        {
            End(request, NotLeading);
        }

        if (_current is MembershipRequest.HandOver handOver)
        {
            End(handOver, NotTakenOver);
            _current = null;
        }

        Answer();
    }

    private static MembershipOutcome NotLeading =>
        new() { Failure = new NotLeaderException("this member does not lead, or is about to hand over") };

    /// <summary>The newest configuration is committed, and no entry that raises the level is under way, neither of this leader nor
    /// left in the log by a former one.</summary>
    private bool IsSettled =>
        replica.Raft.ConfigurationIndex <= replica.Raft.Commit && replica.IsPromoted && !replica.IsRaisingLevel;

    /// <summary>One at a time. A member that does not lead any more refuses them all at once, so that they go to another.</summary>
    private bool MayDecide => _current is null || !replica.IsLeading;

    /// <returns>False while it has to wait.</returns>
    private bool TryDecide(MembershipRequest request)
    {
        if (!replica.IsLeading)
        {
            End(request, NotLeading);
            return true;
        }

        return IsSettled && TryDecideNow(request);
    }

    private bool TryDecideNow(MembershipRequest request)
    {
        var now = new MembershipFacts(
            replica.Raft.Configuration,
            MemberTable.Decode(replica.Raft.Configuration.Context.Span),
            replica.FeatureLevel,
            id => LearnerProgress.Of(replica.Raft, id));
        try
        {
            return request switch
            {
                MembershipRequest.Change change => TryPropose(change, now),
                MembershipRequest.HandOver handOver => Begin(handOver, now),
                _ => throw new InvariantViolationException($"a membership request of type {request.GetType().Name} is not known"),
            };
        }
        catch (StoreException refusal)
        {
            End(request, Decided() with { Failure = refusal });
            return true;
        }
    }

    private bool TryPropose(MembershipRequest.Change change, MembershipFacts now)
    {
        if (change.Wanted.Next(now) is not { } next)
        {
            End(change, Decided() with { Configuration = now.Configuration });
            return true;
        }

        var (result, entry) = replica.ProposeConfiguration(next);
        Invariant.Check(result != ProposeResult.Invalid, $"the core calls {next} after {now.Configuration} invalid");
        if (entry is null)
        {
            // The uncommitted tail is full, or a duty has just proposed a change: a later step tries again.
            return false;
        }

        (_current, _entry, _next) = (change, entry, next);
        return true;
    }

    private bool Begin(MembershipRequest.HandOver handOver, MembershipFacts now)
    {
        var heir = handOver.To == 0 ? ChooseHeir() : now.Require(handOver.To).Id;
        if (heir == replica.Raft.Id.Value)
        {
            End(handOver, Decided() with { Leader = heir });
        }
        else if (replica.Raft.TransferLeadership(new NodeId(heir)))
        {
            (_current, _heir) = (handOver, heir);
        }
        else
        {
            throw new StoreException(ErrorCode.Conflict, $"member {heir} cannot take over now", "see /members and /status");
        }

        return true;
    }

    private ulong ChooseHeir()
    {
        var raft = replica.Raft;
        return raft.Progress
            .Where(peer => raft.Configuration.IsVoter(peer.Id) && peer.Id != raft.Id)

            // Just after a quorum check no peer counts as active yet: then the longest log decides alone.
            .OrderByDescending(peer => peer.RecentActive)
            .ThenByDescending(peer => peer.Match)
            .Select(peer => peer.Id.Value)
            .FirstOrDefault(raft.Id.Value);
    }

    /// <summary>Null while it is not known.</summary>
    private MembershipOutcome? OutcomeOf(MembershipRequest request) => request is MembershipRequest.HandOver handOver
        ? OutcomeOf(handOver)
        : _entry is { Task.IsCompleted: true } entry ? OutcomeOf(entry.Task.Result) : null;

    private MembershipOutcome OutcomeOf(ProposalOutcome entry) => entry.End switch
    {
        ProposalEnd.Applied => new() { Configuration = _next },
        ProposalEnd.NotProposed => NotLeading,
        _ => new() { Failure = Refusals.Of(entry) },
    };

    /// <summary>The core gives a transfer up after an election timeout; a third member may win meanwhile.</summary>
    private MembershipOutcome? OutcomeOf(MembershipRequest.HandOver handOver)
    {
        var leader = replica.Status.Leader.Value;
        if (leader == _heir)
        {
            NodeLog.LeadershipPassed(logger, _heir);
            return new() { Leader = _heir };
        }

        var isGivenUp = replica.IsLeading
            ? replica.Raft.TransferTarget.Value != _heir
            : leader != 0 && leader != replica.Raft.Id.Value;
        return isGivenUp || handOver.Deadline <= time.GetTimestamp() ? NotTakenOver : null;
    }

    /// <summary>Not certain: the message that tells the heir to stand for election may still arrive.</summary>
    private MembershipOutcome NotTakenOver => new()
    {
        Failure = new StoreException(
            ErrorCode.UnknownOutcome, $"member {_heir} has not taken over in time", "see who leads at /status"),
    };

    /// <summary>Ends requests whose turn did not come in time. None of them has proposed anything.</summary>
    private void EndOverdue()
    {
        while (_waiting.TryPeek(out var request) && request.Deadline <= time.GetTimestamp())
        {
            _waiting.Dequeue();
            End(request, new MembershipOutcome
            {
                Failure = new StoreException(
                    ErrorCode.NotReady,
                    $"an earlier change of the members, or a new leader, was not settled within {timeLimit.TotalSeconds:0.#} s; "
                    + "this request did nothing",
                    "a majority of the members must be up; see /members, and try again"),
            });
        }
    }

    private MembershipOutcome Decided() => new() { DecidedIn = replica.Raft.Term };

    private void End(MembershipRequest request, MembershipOutcome outcome) => _ended.Add((request, outcome));
}
