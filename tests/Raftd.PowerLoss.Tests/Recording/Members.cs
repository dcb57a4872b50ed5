using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Wal;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>Members of a cluster within one process, on loopback; one of them has the recorded disk.</summary>
internal static class Members
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(5);

    /// <summary>Of a member whose disk is not recorded.</summary>
    public static NodeOptions OptionsOf(string folder, string label) =>
        Workloads.OptionsOf(Path.Combine(folder, label), label, FreePort());

    /// <summary>Of the one whose disk is.</summary>
    public static NodeOptions RecordedOptions(string folder) =>
        Workloads.OptionsOf(Path.Combine(folder, Workloads.DataName), "b", FreePort());

    public static async Task<RaftdNode> StartAsync(NodeOptions options)
    {
        var node = new RaftdNode(options, NullLoggerFactory.Instance);
        await node.StartAsync(CancellationToken.None);
        return node;
    }

    /// <summary>As a start with -join does it, but for the way to the leader, and until it votes.</summary>
    /// <param name="leader">Asked to take it in.</param>
    /// <param name="options">Of the new member.</param>
    /// <param name="notes">Told by which number the leader is about to know it; null if its disk is not recorded.</param>
    public static async Task<RaftdNode> JoinAsync(RaftdNode leader, NodeOptions options, Notes? notes = null)
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, options.DataDirectory);
        var file = new IdentityFile(files, options.DataDirectory);
        var identity = file.Begin(options.Label);
        notes?.Add(new Note(NoteKind.Instance, Sequence: (long)identity.Instance));
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

    public static Task WaitForAsync(RaftdNode member, RaftdNode leader) =>
        WaitAsync("the member has caught up", () => HasCaughtUp(member, leader));

    public static async Task WaitAsync(string what, Func<bool> condition)
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

    /// <exception cref="InvalidOperationException">The load went through two leaders, and some of it twice.</exception>
    public static void RequireLeader(RaftdNode leader)
    {
        if (!leader.Cluster.IsLeader)
        {
            throw new InvalidOperationException("leadership changed: the notes do not say what a revision holds");
        }
    }

    private static JoinRequest RequestOf(NodeOptions options, MemberIdentity identity) => new()
    {
        Label = options.Label,
        HttpAddress = options.AdvertisedHttpAddress,
        PeerAddress = options.AdvertisedPeerAddress,
        Instance = identity.Instance,
        FeatureLevel = RaftdNode.NewestFeatureLevel,
    };

    private static bool HasCaughtUp(RaftdNode member, RaftdNode leader) =>
        member.Cluster.Status().AppliedIndex >= leader.Cluster.Status().AppliedIndex
        && !member.Member!.Replica.Status.IsRecovering;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
