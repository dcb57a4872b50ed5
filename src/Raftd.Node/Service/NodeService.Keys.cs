using Raftd.Contract;
using Raftd.State.Commands;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IKeyValueService
{
    public async ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken)
    {
        await BarrierAsync(request.Level, cancellationToken);
        return _state.Range(request);
    }

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken) =>
        _writes.PutAsync(caller, request, cancellationToken);

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) =>
        _writes.DeleteRangeAsync(caller, request, cancellationToken);

    public async ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken)
    {
        TxnCheck.Require(request);
        if (TxnReads.IsReadOnly(request))
        {
            await BarrierAsync(TxnReads.LevelOf(request), cancellationToken);
            return _state.Read(view => new TxnReads(view).Answer(request));
        }

        return await _writes.TxnAsync(caller, request, cancellationToken);
    }

    public async ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken)
    {
        var result = await _writes.CompactAsync(caller, request.Revision, cancellationToken);
        return new CompactResponse
        {
            Revision = result.Revision,
            CompactRevision = result.CompactRevision,
            IsDeleted = request.AwaitDeletion && await IsDeletedInTimeAsync(result.CompactRevision, cancellationToken),
        };
    }

    public async ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken)
    {
        await BarrierAsync(request.Level, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(request.TimeLimit);
        try
        {
            await _state.Waiters.WaitAsync(request.Key, request.AfterRevision, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            RequireUnfenced();
            return null;
        }

        RequireUnfenced();
        return _state.Range(new RangeRequest { Key = request.Key, MaxValueBytes = request.MaxValueBytes });
    }

    private async Task<bool> IsDeletedInTimeAsync(long revision, CancellationToken cancellationToken)
    {
        try
        {
            await _state.DeletionOf(revision).WaitAsync(_options.RequestTimeLimit, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
