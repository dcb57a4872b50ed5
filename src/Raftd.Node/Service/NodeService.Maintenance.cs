using Raftd.Contract;
using Raftd.Store;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IMaintenanceService, IDisposable
{
    private const long HashStepBytes = 1 << 20;

    // Each takes a core for as long as it runs.
    private readonly WorkQueue _hashes = new("hashes", atOnce: 1, maxWaiting: 16);

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

    public void Dispose() => _hashes.Dispose();
}
