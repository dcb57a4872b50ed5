// What the leader does about membership.
//
// One change at a time, each a configuration entry that the core guards (Raft thesis 4.1; docs/raft.md). A newcomer is a
// learner first, so that an empty log never counts for a majority; the leader promotes it once it has caught up.
//
// A configuration counts from append, but may be rolled back until it is committed. An answer that needs no entry of its
// own ("known already", "no such member") would make a promise of such a one. So:
//
//   1. Nothing is decided while the newest configuration is not committed: the request waits for that.
//   2. A decision that is an entry is answered once the entry is applied.
//   3. Any other is answered once a round of heartbeats that began after it shows that this member still led: one that was
//      deposed without knowing has not heard of the members added or removed since.

using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using Raftd.Contract;
using Raftd.Node.Forwarding;
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
        if (request.Problem() is { } problem)
        {
            throw new StoreException(ErrorCode.BadRequest, problem);
        }

        var configuration = await ChangeAsync(
            (now, members) =>
            {
                RequireLevel(request);
                return Join(now, members, request);
            },
            cancellationToken);
        var joined = MemberTable.Decode(configuration.Context.Span);
        var member = joined.FindLabel(request.Label);
        Invariant.Check(member is not null, $"{request.Label} is not among the {joined.Members.Length} members that it joined");
        return new JoinResponse
        {
            ClusterId = _self.ClusterId,
            MemberId = member.Id,
            Generator = member.Generator,
            Members = [.. joined.Members.Select(info => Describe(configuration, info))],
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
        var target = await WhenSettledAsync(
            async () => (await DecideAsync(raft => new Decision<ulong>(ChooseTarget(raft, to)))).Answer, cancellationToken);
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

    public static Member Describe(Configuration configuration, MemberInfo info) => new()
    {
        Id = info.Id,
        Label = info.Label,
        HttpAddress = info.HttpAddress,
        PeerAddress = info.PeerAddress,
        IsLearner = configuration.IsLearner(new NodeId(info.Id)),
    };

    /// <summary>The level cannot rise between this and the entry (Propose).</summary>
    private void RequireLevel(JoinRequest request)
    {
        if (request.FeatureLevel < _replica.FeatureLevel)
        {
            throw new StoreException(
                ErrorCode.LevelTooLow,
                $"the cluster is at feature level {_replica.FeatureLevel}, and {request.Label} knows {request.FeatureLevel}",
                "start it with a build that knows that level (`raftd version` says which it knows)");
        }
    }

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

    /// <summary>The same directory may come again, and from another address; another directory may not. Without an
    /// instance the request proves nothing: it changes nothing. A member that was added without one, by hand, takes that of
    /// the first directory that comes from where it is expected.</summary>
    private static Configuration? Rejoin(
        Configuration configuration, MemberTable members, MemberInfo known, JoinRequest request)
    {
        var sameAddresses = request.HttpAddress == known.HttpAddress && request.PeerAddress == known.PeerAddress;
        var sameDirectory = request.Instance != 0 && request.Instance == known.Instance;
        if (!sameDirectory && !(sameAddresses && (request.Instance == 0 || known.Instance == 0)))
        {
            throw request.Instance == 0 || known.Instance == 0
                ? KnownElsewhere(members, known)
                : KnownWithAnotherDirectory(members, known);
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

    private static StoreException KnownWithAnotherDirectory(MemberTable members, MemberInfo known) => new(
        ErrorCode.Conflict,
        $"{known.Label} is a member of this cluster with another data directory: the one that asks is new or was "
        + "wiped, and has lost what the member promised",
        $"remove the old member first: {RemovalOf(members, known)} (any member answers), then start this one again");

    private static StoreException KnownElsewhere(MemberTable members, MemberInfo known) => new(
        ErrorCode.Conflict,
        $"{known.Label} is a member of this cluster at {known.HttpAddress} (clients) and {known.PeerAddress} (peers); its "
        + "addresses change only for a request that has its instance",
        "start the member with its new -haddr and -raddr on the data directory that it has, and it tells them by itself; if "
        + $"that is lost, remove it first: {RemovalOf(members, known)}");

    private static string RemovalOf(MemberTable members, MemberInfo known)
    {
        // Not the address of the one to be removed: it is down, or it would not ask.
        var another = members.Members.FirstOrDefault(member => member.Id != known.Id) ?? known;
        return $"curl -X DELETE http://{another.HttpAddress}/members/{known.Label}";
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
        if (asked is < 0 or > MemberTable.MaxGenerator)
        {
            throw new StoreException(
                ErrorCode.BadRequest, $"generator number {asked} is not within 0 and {MemberTable.MaxGenerator}");
        }

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
    /// <returns>The configuration after it, committed.</returns>
    private Task<Configuration> ChangeAsync(
        Func<Configuration, MemberTable, Configuration?> change, CancellationToken cancellationToken) =>
        WhenSettledAsync(() => TryChangeAsync(change), cancellationToken);

    /// <summary>Tries again for as long as an earlier change is not committed.</summary>
    private async Task<T> WhenSettledAsync<T>(Func<Task<T>> attempt, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_timeLimit);
        try
        {
            return await _whileBusy.ExecuteAsync(async _ => await attempt(), limit.Token);
        }
        catch (Exception late) when (late is ConfigurationBusyException or OperationCanceledException)
        {
            // Between two attempts, and none of them proposed anything.
            throw new StoreException(
                ErrorCode.NotReady,
                $"an earlier change of the members, or a new leader, was not settled within {_timeLimit.TotalSeconds:0.#} s; this request did nothing",
                "a majority of the members must be up; see /members, and try again");
        }
    }

    private async Task<Configuration> TryChangeAsync(Func<Configuration, MemberTable, Configuration?> change)
    {
        var (configuration, proposal) = (await DecideAsync(raft => Propose(raft, change))).Answer;
        if (proposal is not null)
        {
            Refusals.ThrowUnlessApplied(await proposal.Task);
        }

        return configuration;
    }

    /// <summary>On the replica's thread. What it refuses it throws.</summary>
    private Decision<(Configuration Configuration, Proposal? Proposal)> Propose(
        RaftNode raft, Func<Configuration, MemberTable, Configuration?> change)
    {
        // A level that is about to rise, or that a former leader has left in the log, is not known here yet (LevelRaiser).
        if (_replica.IsRaisingLevel || !_replica.IsPromoted)
        {
            return new((raft.Configuration, null)) { Failure = new ConfigurationBusyException() };
        }

        if (change(raft.Configuration, MemberTable.Decode(raft.Configuration.Context.Span)) is not { } next)
        {
            return new((raft.Configuration, null));
        }

        var (result, proposal) = _replica.ProposeConfiguration(next);
        return FailureOf(result) is { } failure
            ? new((next, null)) { Failure = failure }
            : new((next, proposal)) { IsProposed = true };
    }

    /// <summary>Decides on the replica's thread by the committed members, and returns once the decision is true: that it was
    /// this leader's to make. For an entry that is said by its commit, which the caller waits for.</summary>
    /// <exception cref="StoreException">The refusal that the decision was.</exception>
    private async Task<Decision<T>> DecideAsync<T>(Func<RaftNode, Decision<T>> decide)
    {
        var term = 0UL;
        try
        {
            var decision = await _replica.AskAsync(raft =>
            {
                term = raft.Term;
                return Impediment(raft) is { } failure ? new(default!) { Failure = failure } : decide(raft);
            });
            if (decision.Failure is { } notNow)
            {
                throw notNow;
            }

            if (!decision.IsProposed)
            {
                await ConfirmLeadershipAsync(term);
            }

            return decision;
        }
        catch (StoreException)
        {
            await ConfirmLeadershipAsync(term);
            throw;
        }
    }

    /// <summary>Why nothing can be decided here and now.</summary>
    private static Exception? Impediment(RaftNode raft)
    {
        if (raft.Role != RaftRole.Leader)
        {
            return new NotLeaderException("this member does not lead");
        }

        return raft.ConfigurationIndex > raft.Commit ? new ConfigurationBusyException() : null;
    }

    private async Task ConfirmLeadershipAsync(ulong term)
    {
        // A member that was deposed meanwhile gets its round confirmed too, by the new leader: hence the term.
        if (!await _replica.LeadershipBarrierAsync() || _replica.Status is not { IsLeader: true } now || now.Term != term)
        {
            throw new NotLeaderException("leadership could not be confirmed in time");
        }
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

    /// <param name="Answer">What was decided; nothing where Failure is set.</param>
    private sealed record Decision<T>(T Answer)
    {
        /// <summary>An entry says it, which the caller waits for.</summary>
        public bool IsProposed { get; init; }

        /// <summary>Surely nothing was done: another attempt, or another member, may.</summary>
        public Exception? Failure { get; init; }
    }
}
