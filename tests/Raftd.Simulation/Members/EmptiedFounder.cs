using Raftd.Node;
using Raftd.Node.Membership;
using Raftd.Peers;
using Raftd.Raft;

namespace Raftd.Simulation.Members;

/// <summary>A process that an operator has started as on its first day, on a disk that is empty: it would found a cluster beside
/// the one that knows its address.</summary>
/// <remarks>
/// A peer that runs all the while, and whose way to it and back is free, has called before the wait is over: then no cluster may
/// be founded. One that is cut off from all of them founds, as it must on its first day; its operator notices.
/// </remarks>
internal sealed class EmptiedFounder(Cluster cluster, SimulatedMember host, SimulatedClock clock)
{
    private const long Beat = 5 * Scheduler.Millisecond;

    private readonly Founding _founding = new(
        new MemberIdentity { Format = MemberIdentity.CurrentFormat, Instance = host.Id, Label = host.Name },
        generator: null,
        "/",
        TimeSpan.FromMilliseconds(SimulatedMember.ElectionTimeoutTicks * cluster.Swarm.HeartbeatMilliseconds),
        Uri.UriSchemeHttp);

    private List<Incarnation> _peers = [];
    private long _end;

    public bool IsListening { get; private set; }

    public void Start()
    {
        if (host.IsRetired)
        {
            return;
        }

        cluster.Say(host.Name, $"listens for {_founding.Wait} before it founds a cluster");
        IsListening = true;
        cluster.Network.Restarted(host.Id);
        _peers = [.. cluster.RunningMembers.Where(Knows)];
        _end = cluster.Scheduler.Now + clock.ToGlobal(_founding.Wait);
        Look();
    }

    public void Knock(PeerHandshake hello, IIncomingStream stream) => _founding.Knock(hello, stream);

    private bool Knows(Incarnation peer)
    {
        var id = new NodeId(host.Id);
        return peer.Raft.Configuration.IsVoter(id) || peer.Raft.Configuration.IsLearner(id);
    }

    private void Look()
    {
        _peers.RemoveAll(peer => !MayCall(peer));
        if (_founding.Called.IsCompleted || cluster.Scheduler.Now >= _end)
        {
            End();
        }
        else
        {
            cluster.Scheduler.After(Beat, Look);
        }
    }

    private bool MayCall(Incarnation peer) => peer.IsAlive
        && peer.Host.PausedUntil <= cluster.Scheduler.Now
        && !peer.IsStalled
        && cluster.Network.IsSound(peer.Host.Id, host.Id);

    private void End()
    {
        IsListening = false;
        try
        {
            var founder = _founding.End();
            SafetyViolationException.Require(
                _peers.Count == 0, $"{host.Name} founds a second cluster, although {_peers.FirstOrDefault()?.Host.Name} could call it all the while");
            SafetyViolationException.Require(
                founder.ClusterId != Cluster.Id && founder.MemberId != host.Id, $"{host.Name} founds the cluster that it is no member of");
            cluster.Say(host.Name, "has founded a cluster of its own, and is stopped");
        }
        catch (FatalStopException refused) when (refused.Reason == FatalReason.FoundingRefused)
        {
            cluster.Say(host.Name, $"ends: {refused.What}");
        }

        cluster.Replacement.Of(host);
    }
}
