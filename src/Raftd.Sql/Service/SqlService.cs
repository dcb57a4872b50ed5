// This front's answers to the contract. Writes go to the leading front, or into the log from here; reads are answered from a moment of
// the database that begins after they came; times of leases are known to the leading front alone, which is asked.

using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Peers;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.State.Leases;
using Raftd.State.Rights;
using Raftd.State.Watch;

namespace Raftd.Sql.Service;

internal sealed partial class SqlService : IEngineService
{
    private readonly SqlFrontOptions _options;
    private readonly FrontRow _self;
    private readonly ulong _clusterId;
    private readonly long _bucket;
    private readonly FrontBoard _board;
    private readonly CommitLoop _commits;
    private readonly UpkeepLoop _upkeep;
    private readonly ReadPool _reads;
    private readonly FrontPeers _peers;
    private readonly LeaseKeeper _leases;
    private readonly WatchHub _watches;
    private readonly KeyWaiters _waiters;
    private readonly WriteCalls _writes;
    private readonly TimeProvider _time;

    public SqlService(
        SqlFrontOptions options, FrontRow self, ulong clusterId, long bucket, FrontBoard board, CommitLoop commits, UpkeepLoop upkeep,
        ReadPool reads, FrontPeers peers, LeaseKeeper leases, WatchHub watches, KeyWaiters waiters, SnowflakeGenerator ids, TimeProvider time)
    {
        _options = options;
        _self = self;
        _clusterId = clusterId;
        _bucket = bucket;
        _board = board;
        _commits = commits;
        _upkeep = upkeep;
        _reads = reads;
        _peers = peers;
        _leases = leases;
        _watches = watches;
        _waiters = waiters;
        _time = time;
        Limits = SqlLimits.Of(options.MaxValueBytes);
        _writes = new WriteCalls(ProposeAsync, static () => FeatureLevel.Newest, ids, options.Limits.MaxLeaseKeys);
    }

    private async Task<CommandResult> ProposeAsync(ReadOnlyMemory<byte> command)
    {
        RequireUnfenced();
        var result = await _peers.Router.ProposeAsync(command);
        _board.NoteTold(result.Revision);
        return result;
    }

    private void RequireUnfenced()
    {
        if (_board.Fence is { } fence)
        {
            throw fence;
        }
    }
}
