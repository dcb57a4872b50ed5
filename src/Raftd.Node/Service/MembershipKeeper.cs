// What the leader does about membership.
//
// One change at a time, each a configuration entry that the core guards (Raft thesis 4.1; docs/raft.md). A newcomer is a
// learner first, so that an empty log never counts for a majority; the leader promotes it once it has caught up.

using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;

namespace Raftd.Node.Service;

internal sealed class MembershipKeeper
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(20);

    private readonly MemberIdentity _self;
    private readonly Replica _replica;
    private readonly TimeSpan _timeLimit;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _whileBusy;

    public MembershipKeeper(MemberIdentity self, Replica replica, TimeSpan timeLimit, ILogger logger)
    {
        _self = self;
        _replica = replica;
        _timeLimit = timeLimit;
        _logger = logger;
        _whileBusy = new ResiliencePipelineBuilder().AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<ConfigurationBusyException>(),
            MaxRetryAttempts = (int)(timeLimit / RetryDelay),
            Delay = RetryDelay,
        }).Build();
    }

    public async ValueTask<JoinResponse> JoinAsync(JoinRequest request, CancellationToken cancellationToken)
    {
        var joined = await ChangeAsync((configuration, members) => Join(configuration, members, request), cancellationToken);
        var member = joined.FindLabel(request.Label)
            ?? throw new StoreException(ErrorCode.UnknownOutcome, $"{request.Label} joined and was removed at once");
        return new JoinResponse
        {
            ClusterId = _self.ClusterId,
            MemberId = member.Id,
            Generator = member.Generator,
            Members = [.. joined.Members.Select(info => Describe(info, isLearner: info.PromoteWhenCaughtUp))],
        };
    }

    public async ValueTask<Nothing> RemoveAsync(ulong id, CancellationToken cancellationToken)
    {
        await ChangeAsync(
            (configuration, members) =>
            {
                Require(members, id);
                var voters = configuration.Voters.Where(voter => voter.Value != id).ToArray();
                if (voters.Length == 0)
                {
                    throw new StoreException(
                        ErrorCode.Conflict, "the only voting member cannot be removed", "add another member first");
                }

                var learners = configuration.Learners.Where(learner => learner.Value != id);
                return new Configuration(voters, learners, members.Without(id).Encode());
            },
            cancellationToken);
        return new Nothing();
    }

    public async ValueTask<Nothing> PromoteAsync(ulong id, CancellationToken cancellationToken)
    {
        var match = await _replica.AskAsync(raft => LearnerProgress.Of(raft, new NodeId(id)));
        await ChangeAsync(
            (configuration, members) =>
            {
                var member = Require(members, id);
                if (configuration.IsVoter(new NodeId(id)))
                {
                    throw new StoreException(ErrorCode.Conflict, $"member {id} ({member.Label}) votes already");
                }

                if (!match.HasCaughtUp)
                {
                    throw new StoreException(
                        ErrorCode.Conflict,
                        $"member {id} ({member.Label}) has entry {match.Match} of {match.Commit}",
                        "promote it when it has caught up; members added with -join are promoted by themselves");
                }

                return Promoted(configuration, members, member);
            },
            cancellationToken);
        return new Nothing();
    }

    public async ValueTask<ulong> TransferAsync(ulong to, CancellationToken cancellationToken)
    {
        if (!_replica.Status.IsLeader)
        {
            throw new NotLeaderException("this member does not lead");
        }

        var target = await _replica.AskAsync(raft => ChooseTarget(raft, to));
        if (target == _self.MemberId)
        {
            return target;
        }

        if (!await _replica.AskAsync(raft => raft.TransferLeadership(new NodeId(target))))
        {
            throw new StoreException(ErrorCode.Conflict, $"member {target} cannot take over now", "see /members and /status");
        }

        return await AwaitLeaderAsync(target, cancellationToken);
    }

    /// <summary>The configuration in which this learner votes.</summary>
    public static Configuration Promoted(Configuration configuration, MemberTable members, MemberInfo learner)
    {
        var id = new NodeId(learner.Id);
        return new Configuration(
            configuration.Voters.Append(id),
            configuration.Learners.Where(other => other != id),
            members.With(learner with { PromoteWhenCaughtUp = false }).Encode());
    }

    public static Member Describe(MemberInfo info, bool isLearner) => new()
    {
        Id = info.Id,
        Label = info.Label,
        HttpAddress = info.HttpAddress,
        PeerAddress = info.PeerAddress,
        IsLearner = isLearner,
    };

    /// <summary>Null when the member is known already, just as it asks to be.</summary>
    private static Configuration? Join(Configuration configuration, MemberTable members, JoinRequest request)
    {
        var known = members.FindLabel(request.Label);
        if (known is not null)
        {
            return Rejoin(configuration, members, known, request);
        }

        RequireFreeAddresses(members, request, self: null);
        var member = new MemberInfo
        {
            Id = IdentityFile.DrawId(),
            Label = request.Label,
            HttpAddress = request.HttpAddress,
            PeerAddress = request.PeerAddress,
            Instance = request.Instance,
            Generator = ChooseGenerator(members, request.Generator),
            PromoteWhenCaughtUp = true,
        };
        return new Configuration(
            configuration.Voters, configuration.Learners.Append(new NodeId(member.Id)), members.With(member).Encode());
    }

    /// <summary>The same directory may come again, and from another address; another directory may not.</summary>
    private static Configuration? Rejoin(
        Configuration configuration, MemberTable members, MemberInfo known, JoinRequest request)
    {
        var sameInstance = request.Instance == known.Instance || request.Instance == 0 || known.Instance == 0;
        if (!sameInstance)
        {
            // Not the address of the one to be removed: it is down, or it would not ask.
            var another = members.Members.FirstOrDefault(member => member.Id != known.Id) ?? known;
            throw new StoreException(
                ErrorCode.Conflict,
                $"{request.Label} is a member of this cluster with another data directory: the one that asks is new or was "
                + "wiped, and has lost what the member promised",
                $"remove the old member first: curl -X DELETE http://{another.HttpAddress}/members/{request.Label} "
                + "(any member answers), then start this one again");
        }

        var renewed = known with
        {
            HttpAddress = request.HttpAddress,
            PeerAddress = request.PeerAddress,
            Instance = request.Instance == 0 ? known.Instance : request.Instance,
        };
        if (renewed == known)
        {
            return null;
        }

        RequireFreeAddresses(members, request, known);
        return new Configuration(configuration.Voters, configuration.Learners, members.With(renewed).Encode());
    }

    private static void RequireFreeAddresses(MemberTable members, JoinRequest request, MemberInfo? self)
    {
        var other = members.Members.FirstOrDefault(member =>
            member.Id != self?.Id
            && (member.PeerAddress == request.PeerAddress || member.HttpAddress == request.HttpAddress));
        if (other is not null)
        {
            throw new StoreException(
                ErrorCode.Conflict,
                $"member {other.Label} has the address {request.HttpAddress} or {request.PeerAddress} already",
                "give each member addresses of its own, or remove the member that is gone");
        }
    }

    private static int ChooseGenerator(MemberTable members, int? asked)
    {
        var number = asked ?? members.FreeGenerator();
        if (number < 0 || members.Members.Any(member => member.Generator == number))
        {
            throw new StoreException(
                ErrorCode.Conflict,
                asked is null ? "all 1024 generator numbers are taken" : $"generator number {asked} belongs to another member",
                "leave -bind out and the cluster chooses");
        }

        return number;
    }

    private static MemberInfo Require(MemberTable members, ulong id) =>
        members.Find(id) ?? throw new StoreException(ErrorCode.NotFound, $"no member has the id {id}", "see /members");

    /// <summary>Proposes the change and waits until it is applied; a null change means there is nothing to do.</summary>
    /// <returns>The members after it.</returns>
    private async Task<MemberTable> ChangeAsync(
        Func<Configuration, MemberTable, Configuration?> change, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeLimit);
        return await _whileBusy.ExecuteAsync(async _ => await TryChangeAsync(change), limit.Token);
    }

    private async Task<MemberTable> TryChangeAsync(Func<Configuration, MemberTable, Configuration?> change)
    {
        var attempt = await _replica.AskAsync(raft => Propose(raft, change));
        if (attempt.Failure is { } failure)
        {
            throw failure;
        }

        if (attempt.Proposal is { } proposal)
        {
            LeaderRouter.ThrowUnlessApplied(await proposal.Task);
        }

        return attempt.Members;
    }

    private Attempt Propose(RaftNode raft, Func<Configuration, MemberTable, Configuration?> change)
    {
        var members = MemberTable.Decode(raft.Configuration.Context.Span);
        if (raft.Role != RaftRole.Leader)
        {
            return new Attempt(members, null, new NotLeaderException("this member does not lead"));
        }

        Configuration? next;
        try
        {
            next = change(raft.Configuration, members);
        }
        catch (StoreException refused)
        {
            return new Attempt(members, null, refused);
        }

        if (next is null)
        {
            return new Attempt(members, null, null);
        }

        var (result, proposal) = _replica.ProposeConfiguration(next);
        return new Attempt(MemberTable.Decode(next.Context.Span), proposal, FailureOf(result));
    }

    private static Exception? FailureOf(ProposeResult result) => result switch
    {
        ProposeResult.Accepted => null,
        ProposeResult.ChangePending or ProposeResult.NotReady or ProposeResult.Dropped =>
            new ConfigurationBusyException(),
        ProposeResult.Invalid => new InvariantViolationException("the core calls a configuration of ours invalid"),
        _ => new NotLeaderException("this member does not lead, or is about to hand over"),
    };

    private ulong ChooseTarget(RaftNode raft, ulong asked)
    {
        var members = MemberTable.Decode(raft.Configuration.Context.Span);
        if (asked != 0)
        {
            Require(members, asked);
            return asked;
        }

        return raft.Progress
            .Where(peer => raft.Configuration.IsVoter(peer.Id) && peer.Id != raft.Id)

            // Just after a quorum check nobody counts as active yet: then the longest log decides alone.
            .OrderByDescending(peer => peer.RecentActive)
            .ThenByDescending(peer => peer.Match)
            .Select(peer => peer.Id.Value)
            .FirstOrDefault(_self.MemberId);
    }

    /// <summary>Returns when the target leads; throws when the core has given the transfer up, after an election timeout, or
    /// the time of the request is over.</summary>
    private async Task<ulong> AwaitLeaderAsync(ulong target, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeLimit);
        try
        {
            while (_replica.Status.Leader.Value != target)
            {
                if (await _replica.AskAsync(raft => raft.Role == RaftRole.Leader && raft.TransferTarget.Value != target))
                {
                    throw NotTakenOver(target);
                }

                await Task.Delay(RetryDelay, limit.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Whoever routed the request here waits as long and began earlier: to him it must not look as if nobody led.
            throw NotTakenOver(target);
        }

        NodeLog.LeadershipPassed(_logger, target);
        return target;
    }

    /// <summary>Not surely: the word to stand for election may still be on its way.</summary>
    private static StoreException NotTakenOver(ulong target) =>
        new(ErrorCode.UnknownOutcome, $"member {target} has not taken over in time", "see who leads at /status");

    /// <summary>An earlier change is not committed yet: try again.</summary>
    private sealed class ConfigurationBusyException : Exception;

    private sealed record Attempt(MemberTable Members, Proposal? Proposal, Exception? Failure);
}
