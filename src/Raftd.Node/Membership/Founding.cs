using Raftd.Node.Peers;
using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>The way of an empty directory to a cluster of its own, unless a peer already counts its address among a cluster's
/// members.</summary>
/// <remarks>
/// A founder whose directory was wiped starts with the same command line as on its first day. Its old peers still try to
/// reach it; so it listens first, for as long as each of them may take to try again, and at least one and a half election
/// timeouts. A peer that calls in that time knows it from a cluster that exists, and a second cluster beside it would split
/// its clients. A founder that is cut off from all its peers cannot know, and founds.
/// </remarks>
/// <param name="self">An identity that is no member's yet.</param>
/// <param name="generator">Of lease ids; null for the first.</param>
/// <param name="dataDirectory">For the message to the operator.</param>
/// <param name="electionTimeout">The one it is started with.</param>
internal sealed class Founding(MemberIdentity self, int? generator, string dataDirectory, TimeSpan electionTimeout)
{
    private const double WaitInElectionTimeouts = 1.5;

    private readonly TaskCompletionSource<PeerHandshake> _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long to listen. The peers' reconnecting keeps to bounds of its own, whatever election timeout this founder
    /// is started with.</summary>
    public TimeSpan Wait { get; } = TimeSpan.FromTicks(
        Math.Max((electionTimeout * WaitInElectionTimeouts).Ticks, PeerReconnect.Bound.Ticks));

    /// <summary>Ends when a peer has called: there is no reason to wait any longer.</summary>
    public Task Called => _called.Task;

    /// <summary>The door meanwhile. Any thread.</summary>
    public void Knock(PeerHandshake handshake, IIncomingStream stream)
    {
        _called.TrySetResult(handshake);
        NotAMember.Refuse(stream);
    }

    /// <summary>It has waited, or a peer has called.</summary>
    /// <returns>The identity, now a member's.</returns>
    /// <exception cref="FatalStopException">This address belongs to a cluster already.</exception>
    public MemberIdentity End()
    {
        if (_called.Task is { IsCompletedSuccessfully: true, Result: var peer })
        {
            throw Refused(peer);
        }

        return self with
        {
            ClusterId = IdentityFile.DrawId(),
            MemberId = IdentityFile.DrawId(),
            Generator = generator ?? 0,
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
        $"{peer.FromLabel} of cluster {peer.ClusterId:x16} knows this address as its member {peer.ToLabel}, but {dataDirectory} "
        + "is empty: not founding a second cluster",
        $"if the directory was wiped, remove the old member (curl -X DELETE http://<a member>/members/{peer.ToLabel}) "
        + "and start this one with -join <a member>");
}
