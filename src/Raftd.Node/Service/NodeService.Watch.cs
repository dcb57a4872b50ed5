using Raftd.Contract;

namespace Raftd.Node.Service;

internal sealed partial class NodeService : IWatchService
{
    public IWatchSession OpenWatches(Caller caller)
    {
        RequireUnfenced();
        return new FencedWatchSession(_watches.Open(), RequireUnfenced);
    }

    /// <summary>A session that ends when its member is fenced: what such a member has may be wrong.</summary>
    private sealed class FencedWatchSession(IWatchSession session, Action requireUnfenced) : IWatchSession
    {
        public void Create(WatchRequest request) => session.Create(request);

        public void Cancel(long id) => session.Cancel(id);

        public void RequestProgress() => session.RequestProgress();

        public async ValueTask<WatchMessage> ReadAsync(CancellationToken cancellationToken)
        {
            var message = await session.ReadAsync(cancellationToken);
            requireUnfenced();
            return message;
        }

        public void Dispose() => session.Dispose();
    }
}
