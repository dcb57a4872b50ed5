// The way of a request to the leader.
//
// One hop at most: a member that is asked as the leader and does not lead says so and forwards nothing. A request goes to
// the leader as this member sees it; "surely not done" (never sent, not the leader) makes it wait here until another leader
// is known, or a tick has passed, and go again, until its time is up, which is no_leader. Once a request that changes
// something was sent, it is never sent again: without an answer its outcome is unknown, and the caller is told so.
//
// Where the log takes commands of any process (ILeaderView.ProposesAnywhere), the leader is no more than the best place for
// one. A command that was surely not done is proposed here then, at once, and one never waits for a stream that is not open.
//
// Two streams lead to the leader: one for what goes into the log, one for all else.

using Microsoft.Extensions.Logging;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Loops;

namespace Raftd.Peers.Forwarding;

internal sealed class LeaderRouter(
    PeerIdentity self,
    ILeaderView leaders,
    IProposer proposer,
    IPeerWire wire,
    LoopContext context,
    TimeSpan timeLimit,
    TimeProvider time,
    ILogger logger)
{
    // Between two attempts to open a stream to the same leader.
    private static readonly TimeSpan OpenPause = TimeSpan.FromMilliseconds(50);

    // What is under way when its time is up is answered by the member that has it: so long for that answer's way.
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMilliseconds(500);

    private const long MaxWaitingBytes = 256 << 20;

    // What a request weighs beside its body.
    private const int RequestBytes = 512;

    private readonly ByteBudget _budget = new(MaxWaitingBytes);

    // Guards all below. Links and requests are called outside it.
    private readonly Lock _gate = new();

    // Requests that are not with a link: no leader is known, or the last attempt came to nothing.
    private List<LeaderRequest> _waiting = [];

    // In the order of their deadlines, which is that of their beginnings. May hold ended ones.
    private readonly Queue<LeaderRequest> _live = new();

    // Likewise: their time is up, and the answer may be on its way.
    private readonly Queue<LeaderRequest> _late = new();
    private readonly List<LeaderLink> _retired = [];
    private LeaderLink? _proposals;
    private LeaderLink? _calls;
    private PeerTarget? _leader;
    private ulong _lastId;
    private bool _isClosed;

    /// <summary>Proposes a command at the leader, wherever it is, and gives the applied result.</summary>
    /// <exception cref="Contract.StoreException">It was refused, or its outcome is unknown.</exception>
    public Task<CommandResult> ProposeAsync(ReadOnlyMemory<byte> command)
    {
        var request = new ProposeRequest(command) { Deadline = Deadline() };
        Begin(request, command.Length);
        return request.Task;
    }

    /// <summary>The cluster's: what is sent to the leader is written as it allows.</summary>
    public int FeatureLevel => leaders.FeatureLevel;

    /// <summary>Asks the leader, wherever it is.</summary>
    /// <exception cref="Contract.StoreException">It refused, or the outcome is unknown.</exception>
    public Task<TResponse> CallAsync<TRequest, TResponse>(
        LeaderCall<TRequest, TResponse> call, Contract.Caller caller, TRequest request)
    {
        var asked = new CallRequest<TRequest, TResponse>(call, request) { Caller = caller, Deadline = Deadline() };
        Begin(asked, bodyBytes: 0);
        return asked.Task;
    }

    /// <summary>Surely not done: it is tried again at the next tick, or with the next leader, or proposed here.</summary>
    public void ComeBack(LeaderRequest request, string reason)
    {
        request.LastReason = reason;
        request.IsUnderWay = false;
        if (MayProposeHere(request))
        {
            AnswerHere(request);
            return;
        }

        lock (_gate)
        {
            _waiting.Add(request);
        }
    }

    /// <summary>Another leader may be known. On the replica's thread: the routing is this loop's.</summary>
    public void LeaderChanged() => context.Post(static router => ((LeaderRouter)router!).RouteWaiting(), this);

    /// <summary>Sends again what waits, ends what is overdue, and lets go of streams to members that do not lead.</summary>
    public void Tick()
    {
        FollowLeader();
        EndOverdue();
        CloseIdle();
        RouteWaiting();
    }

    /// <summary>For good. Requests that still wait are answered.</summary>
    public void Close()
    {
        LeaderLink[] links;
        LeaderRequest[] requests;
        lock (_gate)
        {
            _isClosed = true;
            RetireUnless(null);
            links = [.. _retired];
            requests = [.. _live, .. _late];
        }

        foreach (var link in links)
        {
            link.GiveUp("this member is stopping");
        }

        foreach (var request in requests)
        {
            request.EndOverdue(timeLimit);
        }
    }

    private long Deadline() => time.TimestampAfter(timeLimit);

    private void Begin(LeaderRequest request, int bodyBytes)
    {
        if (!_budget.TryTake(bodyBytes + RequestBytes))
        {
            request.Failed(Refusals.TooMany());
            return;
        }

        request.Budget = _budget;
        request.ChargedBytes = bodyBytes + RequestBytes;
        bool isClosed;
        lock (_gate)
        {
            request.Id = ++_lastId;
            _live.Enqueue(request);
            isClosed = _isClosed;
        }

        if (isClosed)
        {
            request.LastReason = "this member is stopping";
            request.EndOverdue(timeLimit);
            return;
        }

        Route(request);
    }

    private void Route(LeaderRequest request)
    {
        var seen = leaders.Leader;
        if (seen.FencedBecause is { } fenced)
        {
            request.Failed(Refusals.Fenced(fenced));
        }
        else if (seen.Id == self.Id)
        {
            AnswerHere(request);
        }
        else if (LinkFor(request, seen) is { } link)
        {
            if ((!link.IsOpen && MayProposeHere(request)) || !link.TrySend(request))
            {
                ComeBack(request, $"the leader {link.Leader} cannot be reached");
            }
        }
        else
        {
            ComeBack(request, seen.Id == 0 ? "no leader is known" : request.LastReason);
        }
    }

    private bool MayProposeHere(LeaderRequest request) => leaders.ProposesAnywhere && request is ProposeRequest;

    private void AnswerHere(LeaderRequest request)
    {
        request.IsUnderWay = true;
        if (request is ProposeRequest proposal)
        {
            proposer.Propose(proposal.Body, proposal.Deadline, outcome => Ended(proposal, outcome));
        }
        else
        {
            context.Run(() => AnswerAsync(request, (ILocalCall)request));
        }
    }

    private void Ended(ProposeRequest request, ProposalOutcome outcome)
    {
        switch (outcome.End)
        {
            case ProposalEnd.Applied:
                request.Applied(outcome.Result!);
                break;
            case ProposalEnd.NotProposed:
                ComeBack(request, "this member does not lead");
                break;
            default:
                request.Failed(Refusals.Of(outcome));
                break;
        }
    }

    private async Task AnswerAsync(LeaderRequest request, ILocalCall call)
    {
        try
        {
            await call.RunAsync();
        }
        catch (NotLeaderException elsewhere)
        {
            ComeBack(request, elsewhere.Message);
        }
        catch (Contract.StoreException refusal)
        {
            request.Failed(refusal);
        }
    }

    /// <summary>The stream to the leader for requests of this kind, opened if there is none; null while it is too early to
    /// open it again, or its address is not known.</summary>
    private LeaderLink? LinkFor(LeaderRequest request, LeaderSeen seen)
    {
        if (seen.Member is not { } leader)
        {
            return null;
        }

        var isProposal = request.Call.Length == 0;
        lock (_gate)
        {
            if (_isClosed)
            {
                return null;
            }

            RetireUnless(leader);
            ref var link = ref isProposal ? ref _proposals : ref _calls;
            if (link is null || (link.IsOver && time.GetElapsedTime(link.OpenedAt) >= OpenPause))
            {
                link = Open(leader, isProposal ? PeerPaths.Proposals : PeerPaths.Calls);
            }

            return link.IsOver ? null : link;
        }
    }

    private LeaderLink Open(PeerTarget leader, string path)
    {
        var link = new LeaderLink(this, leader.Label, time);
        var hello = new PeerHandshake(self.ClusterId, self.Id, leader.Id, self.Label, leader.Label);
        link.Stream = wire.Open(leader.Address, path, hello, link);
        link.Stream.Wake();
        return link;
    }

    private void FollowLeader()
    {
        var seen = leaders.Leader;
        var leader = seen.Id == self.Id ? null : seen.Member;
        lock (_gate)
        {
            RetireUnless(leader);
        }
    }

    /// <summary>Streams to a member that does not lead any more take nothing new. Under the lock.</summary>
    private void RetireUnless(PeerTarget? leader)
    {
        if (leader == _leader)
        {
            return;
        }

        _leader = leader;
        _retired.AddRange(Present());
        (_proposals, _calls) = (null, null);
    }

    private void RouteWaiting()
    {
        List<LeaderRequest> waiting;
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return;
            }

            (waiting, _waiting) = (_waiting, []);
        }

        PeerLog.LeaderSought(logger, waiting.Count, waiting[0].LastReason);
        var now = time.GetTimestamp();
        foreach (var request in waiting)
        {
            if (request.Deadline <= now)
            {
                request.EndOverdue(timeLimit);
            }
            else if (!request.IsEnded)
            {
                Route(request);
            }
        }
    }

    private void EndOverdue()
    {
        var now = time.GetTimestamp();
        while (TakeOverdue(_live, now) is { } request)
        {
            if (request.IsUnderWay && !request.IsEnded)
            {
                lock (_gate)
                {
                    _late.Enqueue(request);
                }
            }
            else
            {
                End(request);
            }
        }

        while (TakeOverdue(_late, now - time.TimestampsIn(AnswerTime)) is { } late)
        {
            End(late);
        }
    }

    private LeaderRequest? TakeOverdue(Queue<LeaderRequest> requests, long now)
    {
        lock (_gate)
        {
            return requests.TryPeek(out var request) && (request.IsEnded || request.Deadline <= now) ? requests.Dequeue() : null;
        }
    }

    /// <remarks>Most have ended by then with their answer, and no stream remembers them.</remarks>
    private void End(LeaderRequest request)
    {
        if (request.IsEnded)
        {
            return;
        }

        request.EndOverdue(timeLimit);
        LeaderLink[] links;
        lock (_gate)
        {
            links = [.. Links()];
        }

        foreach (var link in links)
        {
            link.Forget(request);
        }
    }

    private void CloseIdle()
    {
        LeaderLink[] retired;
        LeaderLink[] silent;
        lock (_gate)
        {
            retired = [.. _retired];
            silent = [.. Links().Where(link => !link.IsOpen && !link.IsOver && time.GetElapsedTime(link.OpenedAt) >= PeerReconnect.OpenLimit)];
            _retired.RemoveAll(static link => link.IsOver);
        }

        foreach (var link in silent)
        {
            link.GiveUp($"it did not answer within {PeerReconnect.OpenLimit.TotalSeconds:0.#} s");
        }

        foreach (var link in retired)
        {
            link.Retire();
            if (link.IsIdle)
            {
                link.GiveUp("it does not lead any more");
            }
        }
    }

    private IEnumerable<LeaderLink> Present() => ((LeaderLink?[])[_proposals, _calls]).OfType<LeaderLink>();

    private IEnumerable<LeaderLink> Links() => Present().Concat(_retired);
}
