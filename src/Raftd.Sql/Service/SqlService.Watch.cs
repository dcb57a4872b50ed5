using Raftd.Contract;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : IWatchService
{
    /// <remarks>A fence ends all sessions: the hub is disposed of.</remarks>
    public IWatchSession OpenWatches(Caller caller)
    {
        RequireUnfenced();
        return _watches.Open();
    }
}
