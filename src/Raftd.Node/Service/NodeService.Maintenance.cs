using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.State.Leading;
using Raftd.State.Views;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IMaintenanceService, IDisposable
{
    private const long HashStepBytes = 1 << 20;

    // Each takes a core for as long as it runs.
    private readonly WorkQueue _hashes = new("hashes", atOnce: 1, maxWaiting: 16);

    // Each may have one large value in memory.
    private readonly WorkQueue _backups = new("backups", atOnce: 2, maxWaiting: 0);

    public async ValueTask<HistoryHashResponse> HashHistoryAsync(
        Caller caller, long revision, CancellationToken cancellationToken)
    {
        using var place = await _hashes.EnterAsync(cancellationToken);
        var hasher = new HistoryHasher(_state.View, revision, HashStepBytes);
        while (hasher.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
            await Task.Yield();
        }

        return new HistoryHashResponse
        {
            Revision = Revision,
            HashedRevision = hasher.Revision,
            CompactRevision = hasher.CompactRevision,
            Hash = hasher.Hash,
        };
    }

    public async ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken)
    {
        using var place = await _hashes.EnterAsync(cancellationToken);
        var hash = await StoredHash.ComputeAsync(_state, _self.ClusterId, cancellationToken);
        return new StoredHashResponse { Revision = Revision, Hash = hash };
    }

    public async ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        var place = await _backups.EnterAsync(cancellationToken);
        try
        {
            return new Backup(await SpoolAsync(_state.View().Applied.Index, cancellationToken), place);
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    public async ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken) =>
        await _defragmenter.Request().WaitAsync(cancellationToken);

    public void Dispose()
    {
        _hashes.Dispose();
        _backups.Dispose();
    }

    /// <param name="applied">What clients have been told is in it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<SpoolLease> SpoolAsync(ulong applied, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource<SpoolAnswer>(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = _spooler.Request(applied, keepsLog: false, answer =>
        {
            if (!answered.TrySetResult(answer))
            {
                answer.Lease?.Dispose();
            }
        });
        using var registration = cancellationToken.Register(() =>
        {
            request.Cancel();
            answered.TrySetCanceled(cancellationToken);
        });
        var given = await answered.Task;
        return given.Lease ?? throw new StoreException(
            given.Fault == SpoolFault.NoSpace ? ErrorCode.NoSpace : ErrorCode.NotReady,
            $"no backup could be written: {given.Reason}",
            given.Fault == SpoolFault.NoSpace ? "free some space, or ask a member that has it" : "ask another member");
    }
}
