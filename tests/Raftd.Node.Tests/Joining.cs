using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Testing;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>What a start with -join does, but for the way to the leader: it is at hand here.</summary>
internal static class Joining
{
    /// <summary>Has a leader take a new member in. It can be started then, and knows who it is.</summary>
    /// <param name="leader">In this process.</param>
    /// <param name="options">Of the new member.</param>
    /// <param name="onInstance">Told by which number the leader is about to know it.</param>
    public static async Task<JoinResponse> JoinAsync(RaftdNode leader, NodeOptions options, Action<ulong>? onInstance = null)
    {
        var files = new PosixFileSystem();
        DataDirectory.Prepare(files, options.DataDirectory);
        var file = new IdentityFile(files, options.DataDirectory);
        var identity = file.Begin(options.Label);
        onInstance?.Invoke(identity.Instance);
        var request = new JoinRequest
        {
            Label = options.Label,
            HttpAddress = options.AdvertisedHttpAddress,
            PeerAddress = options.AdvertisedPeerAddress,
            Instance = identity.Instance,
            FeatureLevel = RaftdNode.NewestFeatureLevel,
        };
        var joined = await Until.SomeAsync(
            $"{options.Label} is taken in", TimeSpan.FromSeconds(60), () => TryJoinAsync(leader, request));
        file.Save(identity with
        {
            ClusterId = joined.ClusterId,
            MemberId = joined.MemberId,
            Generator = joined.Generator,
            KnownMembers = [.. leader.Member!.Replica.Status.Members.Members],
        });
        return joined;
    }

    /// <returns>Null for another attempt: the limit of a request may be short, and the machine busy.</returns>
    private static async Task<JoinResponse?> TryJoinAsync(RaftdNode leader, JoinRequest request)
    {
        try
        {
            return await leader.Group.JoinAsync(Caller.Nobody, request, CancellationToken.None);
        }
        catch (StoreException notYet) when (
            notYet.Code is ErrorCode.UnknownOutcome or ErrorCode.NotReady or ErrorCode.NoLeader)
        {
            return null;
        }
    }
}
