// Which callers are accepted at the peer address, once this member knows its own identity.
//
// A caller that names another cluster or another member is refused. A caller that is no member any more is told so (410),
// by any member that is certain of it: its committed configuration does not have the caller, and a read round that began
// later shows that nothing newer is committed. The round takes time, and a member that is behind must meanwhile hear even a
// leader that it does not know yet. So the caller is accepted, the round runs beside it, and the caller's next attempt gets
// the answer.

using Microsoft.Extensions.Logging;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.Peers.Forwarding;
using Raftd.State.Loops;

namespace Raftd.Node.Peers;

internal sealed class PeerDoor(
    MemberIdentity self, Replica replica, PeerTransport transport, SnapshotIntake intake, DivergenceWatch divergence,
    PeerReports reports, LeaderCallTable calls, LoopContext context, TimeProvider time, ILogger logger)
{
    // Callers that are being checked or were found to be removed; few, since each had to know the cluster's id.
    private const int MaxSuspects = 256;

    private const string WhenMoved = "if the data directory was wiped or moved, remove the old member first";

    // Guards _suspects.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Task<bool>> _suspects = [];

    public void Knock(PeerHandshake caller, string path, IIncomingStream stream)
    {
        if (self.Peer.Refusal(caller, replica.FeatureLevel, WhenMoved) is { } refusal)
        {
            PeerLog.PeerRefused(logger, caller.FromLabel, refusal);
            stream.Refuse(PeerStatus.Conflict, refusal);
        }
        else if (IsGone(caller.From))
        {
            stream.Refuse(PeerStatus.Gone, NoticeTo(caller.From).ToString());
        }
        else
        {
            Route(caller, path, stream);
        }
    }

    /// <summary>Whether the caller was removed for good. Begins a read round to find out if the committed configuration does not
    /// have it.</summary>
    /// <returns>True once that is certain.</returns>
    public bool IsGone(ulong caller)
    {
        if (!replica.Status.HasGoneOnWithout(caller))
        {
            return false;
        }

        lock (_gate)
        {
            if (_suspects.TryGetValue(caller, out var round))
            {
                return round is { IsCompletedSuccessfully: true, Result: true };
            }

            if (_suspects.Count < MaxSuspects)
            {
                _suspects.Add(caller, replica.LeadershipBarrierAsync());
            }

            return false;
        }
    }

    /// <summary>Forgets rounds that failed, so that they are made again, and callers that have become members.</summary>
    public void Tick()
    {
        lock (_gate)
        {
            if (_suspects.Count == 0)
            {
                return;
            }

            var status = replica.Status;
            foreach (var (caller, round) in _suspects.ToArray())
            {
                if (!status.HasGoneOnWithout(caller) || round is { IsCompletedSuccessfully: true, Result: false })
                {
                    _suspects.Remove(caller);
                }
            }
        }
    }

    private RemovalNotice NoticeTo(ulong caller) =>
        new(self.ClusterId, self.MemberId, caller, replica.Status.CommittedConfigurationIndex);

    private void Route(PeerHandshake caller, string path, IIncomingStream stream)
    {
        switch (path)
        {
            case PeerPaths.Control or PeerPaths.Entries:
                transport.Welcome(caller);
                stream.Accept(new RaftStreamEnd(caller, path, stream, this, transport, replica, divergence, reports, logger));
                break;
            case PeerPaths.Proposals or PeerPaths.Calls:
                stream.Accept(new CallSession(stream, replica, replica, calls, context, time));
                break;
            case PeerPaths.Snapshot:
                stream.Accept(intake.Begin(caller, stream));
                break;
            default:
                stream.Refuse(PeerStatus.NotFound, $"no such call: {path}");
                break;
        }
    }
}
