using Raftd.Contract;
using Raftd.Sql.Reading;
using Raftd.State.Commands;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : IKeyValueService, IListService
{
    private static readonly TimeSpan SweepPoll = TimeSpan.FromMilliseconds(50);

    public ValueTask<RangeResponse> RangeAsync(Caller caller, RangeRequest request, CancellationToken cancellationToken) =>
        request.RangeEnd.IsEmpty && request.Revision == 0
            ? _reads.ReadAsync([request.Key], snapshot => new RowReader(snapshot).Range(request), cancellationToken)
            : _reads.ReadRangeAsync(snapshot => new RowReader(snapshot).Range(request), cancellationToken);

    public ValueTask<PutResponse> PutAsync(Caller caller, PutRequest request, CancellationToken cancellationToken)
    {
        Limits.RequireKey(request.Key.Length);
        return _writes.PutAsync(caller, request, cancellationToken);
    }

    public ValueTask<DeleteRangeResponse> DeleteRangeAsync(
        Caller caller, DeleteRangeRequest request, CancellationToken cancellationToken) =>
        _writes.DeleteRangeAsync(caller, request, cancellationToken);

    public async ValueTask<TxnResponse> TxnAsync(Caller caller, TxnRequest request, CancellationToken cancellationToken)
    {
        TxnCheck.Require(request);
        if (TxnReads.IsReadOnly(request))
        {
            return await _reads.ReadRangeAsync(snapshot => new TxnReads(new SnapshotKeys(snapshot)).Answer(request), cancellationToken);
        }

        Limits.RequireKeys(request);
        return await _writes.TxnAsync(caller, request, cancellationToken);
    }

    public async ValueTask<CompactResponse> CompactAsync(Caller caller, CompactRequest request, CancellationToken cancellationToken)
    {
        var result = await _writes.CompactAsync(caller, request.Revision, cancellationToken);
        return new CompactResponse
        {
            Revision = result.Revision,
            CompactRevision = result.CompactRevision,
            IsDeleted = request.AwaitDeletion && await IsSweptInTimeAsync(result.CompactRevision, cancellationToken),
        };
    }

    public async ValueTask<RangeResponse?> WaitAsync(Caller caller, WaitRequest request, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(request.TimeLimit);
        try
        {
            await _waiters.WaitAsync(
                request.Key, request.AfterRevision, () => HasChangedAsync(request.Key, request.AfterRevision, limit.Token), limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            RequireUnfenced();
            return null;
        }

        var range = new RangeRequest { Key = request.Key, MaxValueBytes = request.MaxValueBytes };
        return await RangeAsync(caller, range, cancellationToken);
    }

    public ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken) =>
        _reads.ReadRangeAsync(snapshot => new RowReader(snapshot).Page(request), cancellationToken);

    public ValueTask<VersionPage> VersionsAsync(Caller caller, VersionPageRequest request, CancellationToken cancellationToken) =>
        _reads.ReadRangeAsync(snapshot => VersionReader.Versions(snapshot, request), cancellationToken);

    /// <summary>As a view's HasChangedSince, on a thread that may wait.</summary>
    private ValueTask<bool> HasChangedAsync(ReadOnlyMemory<byte> key, long afterRevision, CancellationToken cancellationToken) =>
        _reads.ReadRangeAsync(snapshot => VersionReader.HasChangedSince(snapshot, key, afterRevision), cancellationToken);

    private async Task<bool> IsSweptInTimeAsync(long revision, CancellationToken cancellationToken)
    {
        var begun = _time.GetTimestamp();
        while (_board.Swept.Revision <= revision)
        {
            if (_time.GetElapsedTime(begun) >= _options.Limits.RequestTimeLimit)
            {
                return false;
            }

            await Task.Delay(SweepPoll, _time, cancellationToken);
        }

        return true;
    }
}
