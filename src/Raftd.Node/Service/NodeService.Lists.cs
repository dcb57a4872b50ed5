using Raftd.Contract;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IListService
{
    public async ValueTask<KeyPage> KeysAsync(Caller caller, KeyPageRequest request, CancellationToken cancellationToken)
    {
        await BarrierAsync(request.Level, cancellationToken);
        return _state.Read(view => view.Page(request), request.Revision);
    }

    public async ValueTask<VersionPage> VersionsAsync(
        Caller caller, VersionPageRequest request, CancellationToken cancellationToken)
    {
        await BarrierAsync(request.Level, cancellationToken);
        return _state.Read(view => view.Versions(request));
    }
}
