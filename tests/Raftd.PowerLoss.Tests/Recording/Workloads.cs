// What the recorded process does. Each is a whole member, or three, with files on a disk and sizes so small that a second
// has everything in it: rolls, flushes, deletions of segments, compaction, overflow pages, a value beyond a segment.
//
//   alone      founds a cluster of one, or starts again in what is there, and writes. Some lives end by kill -9 from
//              strace at a given call, so that the next one finds in the page cache what the disk never got.
//   follower   a joins with c; b, whose disk is the recorded one, joins when their log has gone on: it is given a
//              snapshot into an empty directory. Then it misses as much again and is given another one over what it
//              has. Then c stops, and nothing is acknowledged without b.

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Store.Commands;
using Raftd.Wal;

namespace Raftd.PowerLoss.Tests.Recording;

internal static class Workloads
{
    public const string Alone = "alone";
    public const string Follower = "follower";

    /// <summary>The recorded directory, below the folder of the run.</summary>
    public const string DataName = "data";

    private const int WritesEachAlone = 100;
    private const int WritesEachBetween = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    public static async Task<int> RunAsync(string workload, string folder, int life)
    {
        using var notes = new Notes(folder);
        await (workload == Alone ? RunAloneAsync(folder, notes, life) : RunFollowerAsync(folder, notes, life));
        return 0;
    }

    public static NodeOptions OptionsOf(string directory, string label, int port = 0) => new()
    {
        DataDirectory = directory,
        Label = label,
        AdvertisedHttpAddress = $"{label}:1",
        AdvertisedPeerAddress = $"127.0.0.1:{port}",
        PeerEndPoint = new IPEndPoint(IPAddress.Loopback, port),
        Join = [],
        Version = "test",
        HeartbeatInterval = TimeSpan.FromMilliseconds(20),
        ElectionTimeout = TimeSpan.FromMilliseconds(port == 0 ? 200 : 2000),
        RequestTimeLimit = TimeSpan.FromSeconds(60),
        MaxValueBytes = 1 << 20,
        CacheBytes = 64 << 10,
        WalSegmentBytes = 32 << 10,
        WalRetentionBytes = 0,
        FlushInterval = TimeSpan.FromMilliseconds(20),
        FlushBytes = 16 << 10,
    };

    private static async Task RunAloneAsync(string folder, Notes notes, int life)
    {
        await using var node = await StartAsync(OptionsOf(Path.Combine(folder, DataName), Alone));
        notes.Add(new Note(NoteKind.Binding));
        var load = new Load(node.KeyValues, notes, life);
        await load.RunAsync(WritesEachAlone);
        var revision = node.Member!.State.View().Revision;
        await node.Member.Replica.ProposeAsync(CommandFactory.Compact(revision - WritesEachBetween));
        await load.RunAsync(WritesEachAlone);
    }

    private static async Task RunFollowerAsync(string folder, Notes notes, int life)
    {
        await using var a = await StartAsync(OptionsOf(Path.Combine(folder, "a"), "a", FreePort()));
        var c = await JoinAsync(a, OptionsOf(Path.Combine(folder, "c"), "c", FreePort()));
        var load = new Load(a.KeyValues, notes, life);
        var options = OptionsOf(Path.Combine(folder, DataName), Follower, FreePort());

        await WriteUntilLogGoesOnAsync(a, load, 1);
        await using (var b = await JoinAsync(a, options))
        {
            await load.RunAsync(WritesEachBetween);
            await WaitAsync("the follower has caught up", () => HasCaughtUp(b, a));
        }

        await WriteUntilLogGoesOnAsync(a, load, a.Member!.Wal.LastIndex);
        await using var again = await StartAsync(options);
        await WaitAsync("the follower has caught up again", () => HasCaughtUp(again, a));
        await c.DisposeAsync();
        notes.Add(new Note(NoteKind.Binding));
        await load.RunAsync(WritesEachBetween);
        if (!a.Cluster.IsLeader)
        {
            throw new InvalidOperationException("leadership changed: the notes do not say what a revision holds");
        }
    }

    /// <summary>Entries up to that one are no longer in the leader's log: who lacks them needs a snapshot.</summary>
    private static async Task WriteUntilLogGoesOnAsync(RaftdNode leader, Load load, ulong index)
    {
        do
        {
            await load.RunAsync(WritesEachBetween);
        }
        while (leader.Member!.Wal.FirstIndex <= index + 1);
    }

    private static async Task<RaftdNode> StartAsync(NodeOptions options)
    {
        var node = new RaftdNode(options, NullLoggerFactory.Instance);
        await node.StartAsync(CancellationToken.None);
        return node;
    }

    /// <summary>As a start with -join does it, but for the way to the leader, and until it votes.</summary>
    private static async Task<RaftdNode> JoinAsync(RaftdNode leader, NodeOptions options)
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, options.DataDirectory);
        var file = new IdentityFile(files, options.DataDirectory);
        var identity = file.Begin(options.Label);
        var joined = await leader.Cluster.JoinAsync(RequestOf(options, identity), CancellationToken.None);
        file.Save(identity with
        {
            ClusterId = joined.ClusterId,
            MemberId = joined.MemberId,
            Generator = joined.Generator,
            KnownMembers = leader.Member!.Replica.Status.Members.Members.ToArray(),
        });
        var node = await StartAsync(options);
        await WaitAsync(
            $"{options.Label} votes", () => HasCaughtUp(node, leader) && node.Cluster.Status().Role == MemberRole.Follower);
        return node;
    }

    private static JoinRequest RequestOf(NodeOptions options, MemberIdentity identity) => new()
    {
        Label = options.Label,
        HttpAddress = options.AdvertisedHttpAddress,
        PeerAddress = options.AdvertisedPeerAddress,
        Instance = identity.Instance,
    };

    private static bool HasCaughtUp(RaftdNode member, RaftdNode leader) =>
        member.Cluster.Status().AppliedIndex >= leader.Cluster.Status().AppliedIndex
        && !member.Member!.Replica.Status.IsRecovering;

    private static async Task WaitAsync(string what, Func<bool> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"not within {Patience}: {what}");
            }

            await Task.Delay(LookAgain);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
