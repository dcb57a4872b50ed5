using Raftd.Contract;
using Raftd.State.Leading;
using Raftd.State.Views;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : IMaintenanceService, IDisposable
{
    private const long HashStepBytes = 1 << 20;

    // Each reads all there is.
    private readonly WorkQueue _hashes = new("hashes", atOnce: 1, maxWaiting: 16);

    public async ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken)
    {
        RequireUnfenced();
        using var place = await _hashes.EnterAsync(cancellationToken);

        // Steps wait for the database: on a thread of its own, which is no pool's.
        var hasher = await Task.Factory.StartNew(
            () => Hash(revision, cancellationToken), cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        return new HistoryHashResponse
        {
            Revision = Revision,
            HashedRevision = hasher.Revision,
            CompactRevision = hasher.CompactRevision,
            Hash = hasher.Hash,
        };
    }

    /// <remarks>All fronts have one store: what it keeps is its history.</remarks>
    public async ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken)
    {
        var hash = await HashHistoryAsync(caller, revision: 0, cancellationToken);
        return new StoredHashResponse { Revision = hash.Revision, Hash = hash.Hash };
    }

    public ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken) => throw new StoreException(
        ErrorCode.BadRequest, "this engine makes no backups: the state is in the database", "back the database up, or use 'raftd export'");

    /// <remarks>The database keeps its own files in order.</remarks>
    public ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public void Dispose() => _hashes.Dispose();

    private HistoryHasher Hash(long revision, CancellationToken cancellationToken)
    {
        var hasher = new HistoryHasher(_board.View, revision, HashStepBytes);
        while (hasher.Step())
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return hasher;
    }
}
