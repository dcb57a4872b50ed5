using Microsoft.Extensions.Logging;
using Raftd.Node.Peers;
using Raftd.Node.Peers.Http;
using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>Makes a new cluster of one member, unless a peer already counts this address among a cluster's members.</summary>
/// <remarks>
/// A founder whose directory was wiped starts with the same command line as on its first day. Its old peers still try to
/// reach it; so it listens first, for as long as each of them may take to try again, and at least one and a half election
/// timeouts. A peer that calls in that time knows it from a cluster that exists, and a second cluster beside it would split
/// its clients.
/// </remarks>
internal sealed class Founding(NodeOptions options, PeerServer server, TimeProvider time, ILogger logger)
{
    private const double WaitInElectionTimeouts = 1.5;

    /// <summary>The peers' reconnecting keeps to bounds of its own, whatever election timeout this founder is started with.</summary>
    public static TimeSpan WaitOf(TimeSpan electionTimeout)
    {
        var wait = electionTimeout * WaitInElectionTimeouts;
        return wait > PeerReconnect.Bound ? wait : PeerReconnect.Bound;
    }

    /// <returns>The identity, now a member's.</returns>
    /// <exception cref="FatalStopException">This address belongs to a cluster already.</exception>
    public async Task<MemberIdentity> FoundAsync(MemberIdentity identity, CancellationToken cancellationToken)
    {
        var known = new TaskCompletionSource<PeerHandshake>(TaskCreationOptions.RunContinuationsAsynchronously);
        server.Expected = handshake => known.TrySetResult(handshake);
        var wait = WaitOf(options.ElectionTimeout);
        NodeLog.WaitingToFound(logger, wait);
        await Task.WhenAny(known.Task, Task.Delay(wait, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (known.Task.IsCompleted)
        {
            throw Refused(await known.Task);
        }

        return identity with
        {
            ClusterId = IdentityFile.DrawId(),
            MemberId = IdentityFile.DrawId(),
            Generator = options.Generator ?? 0,
            IsFounder = true,
        };
    }

    /// <summary>The configuration that a founder's log begins with.</summary>
    public static Configuration First(MemberIdentity founder, NodeOptions options)
    {
        var member = new MemberInfo
        {
            Id = founder.MemberId,
            Label = founder.Label,
            HttpAddress = options.AdvertisedHttpAddress,
            PeerAddress = options.AdvertisedPeerAddress,
            Instance = founder.Instance,
            Generator = founder.Generator,
            PromoteWhenCaughtUp = false,
        };
        return new Configuration([new NodeId(member.Id)], [], MemberTable.Of([member]).Encode());
    }

    private FatalStopException Refused(PeerHandshake peer) => new(
        FatalReason.FoundingRefused,
        $"{peer.FromLabel} of cluster {peer.ClusterId:x16} knows this address as its member {peer.ToLabel}, but {options.DataDirectory} "
        + "is empty: not founding a second cluster",
        $"if the directory was wiped, remove the old member (curl -X DELETE http://<a member>/members/{peer.ToLabel}) "
        + "and start this one with -join <a member>");
}
