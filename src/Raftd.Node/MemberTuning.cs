using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Raft;
using Raftd.Store;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>Turns the options of a start into the options of the parts, each number with its reason.</summary>
internal static class MemberTuning
{
    // What a command has beside its values: keys and encoding.
    private const int CommandHeadBytes = 1 << 20;

    /// <summary>One tick is one heartbeat: the core needs no finer time.</summary>
    public static TimeSpan TickInterval(NodeOptions options) => options.HeartbeatInterval;

    public static MemberOptions Of(NodeOptions options, MemberIdentity self, Configuration? founding)
    {
        var maxCommandBytes = MaxCommandBytes(options);
        return new MemberOptions
        {
            Self = self,
            Founding = founding,
            Raft = RaftOptionsOf(options, self, maxCommandBytes),
            Wal = WalOptionsOf(options),
            Store = new StoreOptions { CacheBytes = options.CacheBytes },
            Replica = new ReplicaOptions
            {
                RequestTimeLimit = options.RequestTimeLimit,

                // Two heartbeats: a round trip is far shorter, a lost message is noticed long before an election.
                ReadRetryTicks = 2,
            },
            Flush = new FlushPolicy
            {
                Interval = options.FlushInterval,
                FreezeBytes = options.FlushBytes,

                // Twice the largest value: one being flushed and one being applied always fit.
                MaxOverlayBytes = Math.Max(6 * options.FlushBytes, 2L * maxCommandBytes),
            },
            LogRetentionBytes = options.WalRetentionBytes,
            MaxPinnedLogBytes = options.MaxPinnedLogBytes,

            // The log's spare and one segment more: a snapshot must not fill the disk so far that writes stop.
            Spool = new SpoolOptions { ReserveBytes = 2 * options.WalSegmentBytes },
            QuotaBytes = options.QuotaBytes,

            // With their keys; well under a millisecond: writes behind it do not notice.
            LeasesPerStep = 500,
        };
    }

    /// <summary>The largest command that this member takes from its clients: a value, or a transaction of smaller ones.</summary>
    private static int MaxCommandBytes(NodeOptions options) =>
        Math.Max(options.MaxValueBytes, Bounds.DefaultMaxRequestBytes) + CommandHeadBytes;

    private static WalOptions WalOptionsOf(NodeOptions options)
    {
        var segment = WalOptions.WholeBlocks(options.WalSegmentBytes);
        return new WalOptions
        {
            SegmentSizeBytes = segment,

            // The same on all members: what one with a larger -max-value-bytes takes must not stop another's log.
            MaxRecordBytes = (int)Bounds.MaxValueBytes.Most + CommandHeadBytes,

            // Room for what cannot be refused, and never most of a small segment.
            ReserveBytes = (int)Math.Min(64 << 10, segment / 8),
        };
    }

    private static RaftOptions RaftOptionsOf(NodeOptions options, MemberIdentity self, long maxCommandBytes) => new()
    {
        Id = new NodeId(self.MemberId),
        HeartbeatTicks = 1,
        ElectionTimeoutTicks = (int)Math.Round(options.ElectionTimeout / options.HeartbeatInterval),
        MaxInflightMessages = 256,
        MaxMessageBytes = 1 << 20,

        // Enough to fill a fast link for a round trip; a follower that stalls holds no more than this of its leader.
        MaxInflightBytes = 16 << 20,
        MaxUncommittedBytes = Math.Max(64L << 20, 2 * maxCommandBytes),

        // Entries for a follower that lags further are read from the log, whose newest pages the kernel caches anyway.
        MaxCachedBytes = 8L << 20,
        ReadIdSeed = IdentityFile.DrawId(),
    };
}
