// A check of everything against everything: index, overlay and store, leases and their keys. It finds what a fault of memory, of
// the disk or of this program has changed since it was written. Too long for a running member; tests and the simulator ask.

using Raftd.Store.Buckets;
using Raftd.Store.Mvcc;

namespace Raftd.Store;

/// <summary>One audit of one view. Any thread.</summary>
internal sealed class StateAudit : IDisposable
{
    private readonly IBucketReader _reader;

    private StateAudit(StateView view)
    {
        View = view;
        _reader = RecordReader.BeginRead(view.Epoch);
        if (StoredMeta.Read(_reader, view.FeatureLevel) is { } meta && meta.Applied == view.Applied)
        {
            StoreOfView = _reader;
        }
    }

    public StateView View { get; }

    /// <summary>The store where it stands at the very entry of the view; null where it does not.</summary>
    public IBucketReader? StoreOfView { get; }

    /// <returns>The first difference, or null.</returns>
    public static string? Run(StateView view)
    {
        using var audit = new StateAudit(view);
        return StateParts.All.Select(part => part.Audit(audit)).FirstOrDefault(static difference => difference is not null);
    }

    public void Dispose() => _reader.Dispose();
}
