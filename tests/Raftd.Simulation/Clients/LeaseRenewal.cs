using System.Text;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Simulation.Members;
using Raftd.Store.Commands;
using Raftd.Store.Leases;

namespace Raftd.Simulation.Clients;

internal enum RenewalAnswer
{
    /// <summary>In the leader's memory, now.</summary>
    Renewed,

    RenewedByEntry,

    /// <summary>404: the lease has ended.</summary>
    Gone,

    /// <summary>Not here, not now, or not known.</summary>
    Failed,
}

/// <summary>LeaseKeeper.KeepAliveAsync as a state machine, for its awaits would go on on the thread pool: leadership is
/// confirmed by a round that begins after the request, then the lessor decides; a pending expiry is waited for.</summary>
internal sealed class LeaseRenewal : Request
{
    private const long TimeLimit = 5 * Scheduler.Second;

    private readonly Scheduler _scheduler;
    private readonly Incarnation _member;
    private readonly LeaseKeepAliveRequest _request;
    private readonly Action<RenewalAnswer> _then;
    private readonly Task<bool>? _confirmed;
    private Task<ProposalOutcome>? _proposed;
    private Task? _decided;
    private long _decidedBy;
    private RenewalAnswer? _answer;

    public LeaseRenewal(
        Client client, Scheduler scheduler, Incarnation member, LeaseKeepAliveRequest request, Action<RenewalAnswer> then)
        : base(client)
    {
        (_scheduler, _member, _request, _then) = (scheduler, member, request, then);
        _confirmed = member.Replica.Status.IsPromoted ? member.Replica.LeadershipBarrierAsync() : null;
    }

    public override string ToString() =>
        $"renew {_request.Id} {(_request.Key is { } key ? Encoding.UTF8.GetString(key.Span) : "all")}: {_answer}";

    protected override bool TryFinish()
    {
        if (Advance() is not { } answer)
        {
            return false;
        }

        _answer = answer;
        _then(answer);
        return true;
    }

    protected override void GiveUp() => _then(RenewalAnswer.Failed);

    /// <summary>Null while something must be waited for.</summary>
    private RenewalAnswer? Advance()
    {
        if (_proposed is not null)
        {
            return _proposed.IsCompleted ? Judge(_proposed.Result) : null;
        }

        if (_confirmed is not { IsCompleted: false } confirmed)
        {
            return _confirmed is { Result: true } ? Decide() : RenewalAnswer.Failed;
        }

        return null;
    }

    private RenewalAnswer? Decide()
    {
        if (_decided is { IsCompleted: false })
        {
            return _scheduler.Now > _decidedBy ? RenewalAnswer.Failed : null;
        }

        var renewal = _member.Parts.Lessor.TryRenew(_request.Id, _request.Key, _request.Data);
        switch (renewal.Status)
        {
            case RenewStatus.Renewed:
                return RenewalAnswer.Renewed;
            case RenewStatus.NotFound:
                return RenewalAnswer.Gone;
            case RenewStatus.NeedsEntry:
                _proposed = _member.Replica.ProposeAsync(CommandFactory.LeaseKeepAlive(_request));
                return null;
            case RenewStatus.Wait:
                (_decided, _decidedBy) = (renewal.Outcome, _scheduler.Now + TimeLimit);
                return null;
            default:
                return RenewalAnswer.Failed;
        }
    }

    private static RenewalAnswer Judge(ProposalOutcome outcome) => outcome switch
    {
        { End: ProposalEnd.Applied, Result: LeaseKeepAliveResult } => RenewalAnswer.RenewedByEntry,
        { End: ProposalEnd.Applied, Result: ErrorResult { Error: ApplyError.LeaseNotFound } } => RenewalAnswer.Gone,
        _ => RenewalAnswer.Failed,
    };
}
