using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leases;

namespace Raftd.State.Leading;

/// <summary>The calls of the contract that are commands, on any engine: made here, put into the log by the engine, and answered by what
/// they came to.</summary>
/// <param name="propose">Puts a command into the log, wherever its leader is, and gives the applied result. Throws a StoreException
/// where it was refused, or its outcome is unknown.</param>
/// <param name="level">The cluster's feature level.</param>
/// <param name="ids">Draws the ids of leases.</param>
/// <param name="maxLeaseKeys">Keys that one lease may have.</param>
public sealed class WriteCalls(
    Func<ReadOnlyMemory<byte>, Task<CommandResult>> propose, Func<int> level, SnowflakeGenerator ids, long maxLeaseKeys)
{
    // A clash of two drawn ids needs two members with one generator number; a third draw never happens.
    private const int MaxDraws = 3;

    public async ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken)
    {
        var hiddenLease = request.TtlSeconds > 0 ? ids.Next() : 0;
        var command = CommandsOf(caller).Put(request, hiddenLease, maxLeaseKeys);
        var result = await ProposeAsync<PutResult>(command, cancellationToken);
        return new PutResponse { Revision = result.Revision, Succeeded = result.Succeeded, Previous = result.Previous };
    }

    public async ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken)
    {
        var result = await ProposeAsync<DeleteRangeResult>(CommandsOf(caller).DeleteRange(request), cancellationToken);
        return result.ToResponse();
    }

    /// <param name="caller">Who asks.</param>
    /// <param name="request">TxnCheck has let it pass, and it writes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken) =>
        (await ProposeAsync<TxnResult>(CommandsOf(caller).Txn(request, maxLeaseKeys), cancellationToken)).Answer;

    public ValueTask<CompactResult> CompactAsync(Caller caller, long revision, CancellationToken cancellationToken) =>
        ProposeAsync<CompactResult>(CommandsOf(caller).Compact(revision), cancellationToken);

    public async ValueTask<LeaseGrantResponse> GrantAsync(Caller caller, LeaseGrantRequest request, CancellationToken cancellationToken)
    {
        var draws = request.Id == 0 ? MaxDraws : 1;
        while (true)
        {
            var id = request.Id == 0 ? ids.Next() : request.Id;
            var command = CommandsOf(caller).LeaseGrant(
                id, request.Name, LeaseRules.GrantedSeconds(request.TtlSeconds, request.Kind), request.Unique, request.Kind);
            var result = await propose(command).WaitAsync(cancellationToken);
            if (result is ErrorResult { Error: ApplyError.LeaseExists } && --draws > 0)
            {
                continue;
            }

            var granted = Expect<LeaseGrantResult>(result);
            return new LeaseGrantResponse { Revision = granted.Revision, Id = granted.Id, TtlSeconds = granted.TtlSeconds };
        }
    }

    public async ValueTask<LeaseRevokeResponse> RevokeAsync(Caller caller, long id, CancellationToken cancellationToken)
    {
        var result = await ProposeAsync<LeaseRevokeResult>(CommandsOf(caller).LeaseRevoke(id), cancellationToken);
        return new LeaseRevokeResponse { Revision = result.Revision };
    }

    public async ValueTask RaiseAlarmAsync(Caller caller, AlarmKind kind, CancellationToken cancellationToken) =>
        await ProposeAsync<DoneResult>(
            CommandsOf(caller).AlarmRaise(new Alarm(kind, AlarmCause.Operator, MemberId: 0)), cancellationToken);

    /// <param name="caller">Who asks.</param>
    /// <param name="standing">The alarms that stand.</param>
    /// <param name="kind">Those of this kind are cleared.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask DisarmAsync(
        Caller caller, IEnumerable<Alarm> standing, AlarmKind kind, CancellationToken cancellationToken)
    {
        foreach (var alarm in standing.Where(alarm => alarm.Kind == kind))
        {
            await ProposeAsync<DoneResult>(CommandsOf(caller).AlarmClear(alarm), cancellationToken);
        }
    }

    private CommandFactory CommandsOf(Caller caller) => new(caller, level());

    private async ValueTask<T> ProposeAsync<T>(ReadOnlyMemory<byte> command, CancellationToken cancellationToken)
        where T : CommandResult => Expect<T>(await propose(command).WaitAsync(cancellationToken));

    private static T Expect<T>(CommandResult result)
        where T : CommandResult => result switch
        {
            T expected => expected,
            ErrorResult error => throw error.ToException(),
            _ => throw new InvariantViolationException($"{typeof(T).Name} expected, {result.GetType().Name} applied"),
        };
}
