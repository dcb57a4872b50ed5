// Who is let in at the peer address once this member knows who it is.
//
// Who names another cluster or another member is refused. Who is no member any more is told so (410), by any member that
// knows it for certain: its committed configuration does not have the caller, and a read round that began later shows that
// nothing newer is committed. That takes a round, and a member that is behind must meanwhile hear even from a leader it
// does not know yet; so the caller is let in, the round is made beside, and its next attempt gets the answer.

using Microsoft.Extensions.Logging;
using Raftd.Node.Forwarding;
using Raftd.Node.Loops;
using Raftd.Node.Membership;
using Raftd.Node.Replication;

namespace Raftd.Node.Peers;

internal sealed class PeerDoor(
    MemberIdentity self, Replica replica, PeerTransport transport, SnapshotIntake intake, DivergenceWatch divergence,
    PeerReports reports, LeaderCallTable calls, LoopContext context, TimeProvider time, ILogger logger)
{
    // Callers that are being looked at, or were found to be gone; not many, as each had to know the cluster's id.
    private const int MaxSuspects = 256;

    // Guards _suspects.
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, Task<bool>> _suspects = [];

    public void Knock(PeerHandshake caller, string path, IIncomingStream stream)
    {
        if (Refusal(self, replica.FeatureLevel, caller) is { } refusal)
        {
            NodeLog.PeerRefused(logger, caller.FromLabel, refusal);
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

    /// <summary>A caller is not, or no longer, in the committed configuration: finds out whether that is so for good.</summary>
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

    /// <summary>Forgets rounds that failed, to make them again, and callers that have become members.</summary>
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

    /// <summary>Why a caller is not served, or null. Both ends check: the caller refuses a wrong answer likewise.</summary>
    /// <param name="self">Who is called.</param>
    /// <param name="level">The cluster's feature level.</param>
    /// <param name="caller">Who calls.</param>
    internal static string? Refusal(MemberIdentity self, int level, PeerHandshake caller)
    {
        if (caller.ClusterId != self.ClusterId)
        {
            return $"{self.Label} belongs to cluster {self.ClusterId:x16}, the caller to {caller.ClusterId:x16}";
        }

        if (caller.To != self.MemberId)
        {
            return $"the caller wants member {caller.To:x16} ({caller.ToLabel}), this is {self.MemberId:x16} ({self.Label}): "
                + "if the data directory was wiped or moved, remove the old member first";
        }

        return caller.Level < level
            ? $"the cluster is at feature level {level}, and the build of {caller.FromLabel} knows {caller.Level}: "
                + "start a newer one"
            : null;
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
                stream.Accept(new CallSession(stream, replica, calls, context, time));
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
