using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node;
using Raftd.Node.Tests;
using Raftd.Testing;
using Raftd.Testing.Processes;

namespace Raftd.PowerLoss.Tests.Recording;

/// <summary>Members of a cluster within one process, on loopback; one of them has the recorded disk.</summary>
internal static class Members
{
    /// <summary>Of a member whose disk is not recorded.</summary>
    public static NodeOptions OptionsOf(string folder, string label) =>
        Workloads.OptionsOf(Path.Combine(folder, label), label, Ports.Free());

    /// <summary>Of the one whose disk is.</summary>
    public static NodeOptions RecordedOptions(string folder) =>
        Workloads.OptionsOf(Path.Combine(folder, Workloads.DataName), "b", Ports.Free());

    public static async Task<RaftdNode> StartAsync(NodeOptions options)
    {
        var node = new RaftdNode(options, NullLoggerFactory.Instance);
        await node.StartAsync(CancellationToken.None);
        return node;
    }

    /// <summary>Joins, and returns when it votes.</summary>
    /// <param name="leader">Asked to take it in.</param>
    /// <param name="options">Of the new member.</param>
    /// <param name="notes">Told by which number the leader is about to know it; null if its disk is not recorded.</param>
    public static async Task<RaftdNode> JoinAsync(RaftdNode leader, NodeOptions options, Notes? notes = null)
    {
        await Joining.JoinAsync(
            leader, options, instance => notes?.Add(new Note(NoteKind.Instance, Sequence: (long)instance)));
        var node = await StartAsync(options);
        await Until.TrueAsync(
            $"{options.Label} votes", () => HasCaughtUp(node, leader) && node.Group.GroupStatus().Role == MemberRole.Follower);
        return node;
    }

    public static Task WaitForAsync(RaftdNode member, RaftdNode leader) =>
        Until.TrueAsync("the member has caught up", () => HasCaughtUp(member, leader));

    /// <exception cref="InvalidOperationException">The load went through two leaders, and some of it twice.</exception>
    public static void RequireLeader(RaftdNode leader)
    {
        if (!leader.Cluster.IsLeader)
        {
            throw new InvalidOperationException("leadership changed: the notes do not say what a revision holds");
        }
    }

    private static bool HasCaughtUp(RaftdNode member, RaftdNode leader) =>
        member.Group.GroupStatus().AppliedIndex >= leader.Group.GroupStatus().AppliedIndex
        && !member.Member!.Replica.Status.IsRecovering;
}
