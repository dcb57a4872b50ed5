using Raftd.Node.Peers;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Node.Membership;

/// <summary>How an empty directory founds a cluster, unless a peer already counts its address among a cluster's
/// members.</summary>
/// <remarks>
/// A founder whose directory was wiped starts with the same command line as on its first day, and would found a second
/// cluster, which splits its clients. But its old peers still dial it. So it listens first, for as long as each of them may
/// take to dial again, and at least one and a half election timeouts; a peer that calls in that time stops the founding. A
/// founder that is cut off from all its peers cannot know, and founds.
/// </remarks>
/// <param name="self">An identity without a cluster.</param>
/// <param name="generator">Generator number of lease ids; null for 0.</param>
/// <param name="dataDirectory">For the message to the operator.</param>
/// <param name="electionTimeout">From the command line.</param>
/// <param name="clientScheme">Of the URLs in messages to the operator.</param>
internal sealed class Founding(
    MemberIdentity self, int? generator, string dataDirectory, TimeSpan electionTimeout, string clientScheme)
{
    private const double WaitInElectionTimeouts = 1.5;

    private readonly TaskCompletionSource<PeerHandshake> _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long to listen. The bounds of the peers' redialling do not depend on the election timeout that this founder is
    /// started with.</summary>
    public TimeSpan Wait { get; } = TimeSpan.FromTicks(
        Math.Max((electionTimeout * WaitInElectionTimeouts).Ticks, PeerReconnect.Bound.Ticks));

    /// <summary>Completes when a peer has called: the answer is known, and the wait can end.</summary>
    public Task Called => _called.Task;

    /// <summary>The door while this member listens. Any thread.</summary>
    public void Knock(PeerHandshake handshake, IIncomingStream stream)
    {
        _called.TrySetResult(handshake);
        NotAMember.Refuse(stream);
    }

    /// <summary>Called after the wait, or once a peer has called.</summary>
    /// <returns>The identity, now with a cluster.</returns>
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
        $"if the directory was wiped, remove the old member (curl -X DELETE {clientScheme}://<a member>/members/{peer.ToLabel}) "
        + "and start this one with -join <a member>");
}
