// What a front consists of for one bucket, wired, without a thread: SqlFront gives each loop one, the simulator steps them in its own
// order.

using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Peers;
using Raftd.Sql.Database;
using Raftd.Sql.Peers;
using Raftd.Sql.Service;
using Raftd.State.Leading;
using Raftd.State.Leases;
using Raftd.State.Timekeeping;
using Raftd.State.Watch;

namespace Raftd.Sql.Fronts;

internal sealed class FrontParts
{
    public FrontParts(
        SqlFrontOptions options, IDatabase database, long bucketId, FrontRow self, FrontState start, UpkeepLoop upkeep,
        WatchOptions watchOptions, ReadSettings reads, IPeerWire wire, TimeProvider time, Random random, ILogger logger)
    {
        var limits = options.Limits;
        Board = new FrontBoard(database, start);
        Commits = new CommitLoop(database, self.Id, start, Board, limits, time, random, logger);
        Waiters = new KeyWaiters(Board.View);
        Lessor = new Lessor(Board, time);
        Watches = new WatchHub(Board, watchOptions, time);
        Board.Observe(Waiters);
        Board.Observe(Watches);
        Board.Behind = Commits.Look;
        Board.Fenced = reason =>
        {
            if (Board.HasEnded)
            {
                // Watches end for good, even where there is another bucket of the name by now: its events are not the next ones.
                SqlLog.BucketRemoved(logger, database.Bucket, bucketId);
                Waiters.Dispose();
                Watches.End(BucketNames.NotFound(database.Bucket));
            }
            else
            {
                SqlLog.Fenced(logger, reason.Message, reason.Hint);
                Watches.End(reason);
            }
        };
        Commits.Following = new Leading(self.Id, database.Bucket, Board, Commits, Lessor, limits, time, logger).Step;
        Reads = new ReadPool(database, Board, reads.Threads, reads.Limit);
        Upkeep = new BucketUpkeep(database, bucketId, upkeep, Board, Commits, limits, time, logger);
        var keeper = new LeaseKeeper(
            new LeaderBarrier(self.Id, Board, Commits, Reads, Lessor), Commits, Board, new KeyLookup(Reads), Lessor, limits.MaxLeaseKeys);
        var identity = new PeerIdentity(database.ClusterId, self.Id, self.Label);
        Peers = new FrontPeers(identity, Board, Commits, upkeep, keeper, wire, limits, time, logger);
        var ids = new SnowflakeGenerator(options.Generator ?? RandomNumberGenerator.GetInt32(Bounds.Generator.Most + 1), time);
        Service = new SqlService(
            options, self, database.ClusterId, bucketId, Board, Commits, upkeep, Reads, Peers, keeper, Watches, Waiters, ids, time);
    }

    public FrontBoard Board { get; }

    public CommitLoop Commits { get; }

    public KeyWaiters Waiters { get; }

    public Lessor Lessor { get; }

    public WatchHub Watches { get; }

    public ReadPool Reads { get; }

    /// <summary>Not in the loop of the upkeep yet.</summary>
    public BucketUpkeep Upkeep { get; }

    public FrontPeers Peers { get; }

    public SqlService Service { get; }
}

/// <param name="Threads">Of the pool of reads.</param>
/// <param name="Limit">How long a read may take.</param>
internal readonly record struct ReadSettings(int Threads, TimeSpan Limit);
