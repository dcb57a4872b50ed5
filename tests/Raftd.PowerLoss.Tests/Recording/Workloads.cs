// What the recorded process does. Each is a whole member, or three, with files on a disk and sizes so small that a second
// has everything in it: rolls, flushes, deletions of segments, compaction, overflow pages, a value beyond a segment.
//
//   alone      founds a cluster of one, or starts again in what is there, and writes. Some lives end by kill -9 from
//              strace at a given call, so that the next one finds in the page cache what the disk never got.
//   follower   a joins with c; b, whose disk is the recorded one, joins when their log has gone on: it is given a
//              snapshot into an empty directory. Then it misses as much again and is given another one over what it
//              has. Then c stops, and nothing is acknowledged without b.
//   conflict   b, whose disk is the recorded one, leads when a and c stop, and logs what no other will have. a and c
//              go on without it; then it comes back and has to replace that. Then one of them stops as above.

using System.Net;
using Raftd.Node;
using Raftd.Testing;

namespace Raftd.PowerLoss.Tests.Recording;

internal static class Workloads
{
    public const string Alone = "alone";
    public const string Follower = "follower";
    public const string Conflict = "conflict";

    /// <summary>The recorded directory, below the folder of the run.</summary>
    public const string DataName = "data";

    private const int WritesEach = 100;
    private const int RevisionsKept = 40;

    public static async Task<int> RunAsync(string workload, string folder, int life)
    {
        using var notes = new Notes(folder);
        await (workload switch
        {
            Alone => RunAloneAsync(folder, notes, life),
            Follower => FollowerWorkload.RunAsync(folder, notes, life),
            Conflict => ConflictWorkload.RunAsync(folder, notes, life),
            _ => throw new ArgumentException($"there is no workload {workload}", nameof(workload)),
        });
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
        await using var node = await Members.StartAsync(OptionsOf(Path.Combine(folder, DataName), Alone));
        notes.Add(new Note(NoteKind.Binding));
        var load = new Load(node.KeyValues, notes, life);
        await load.RunAsync(WritesEach);
        var revision = node.Member!.State.View().Revision;
        await node.Member.Replica.ProposeAsync(By.Nobody.Compact(revision - RevisionsKept));
        await load.RunAsync(WritesEach);
    }
}
