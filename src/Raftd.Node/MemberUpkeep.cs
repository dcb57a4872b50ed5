// What every member does once a second, leader or not: sends its report to the others, checks whether the state or the quota
// of one differs from its own, and keeps its own addresses in the member table up to date.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Service;
using Raftd.Peers.Forwarding;
using Raftd.State.Loops;
using Raftd.Wal;

namespace Raftd.Node;

internal sealed class MemberUpkeep(
    PeerLoopOptions options, RaftdMember member, Fence fence, PeerTransport transport, DivergenceWatch divergence,
    LeaderRouter router, LeaderCalls calls, LoopContext context, ILogger logger)
{
    private readonly Dictionary<ulong, long> _differingQuotas = [];
    private bool _addressIsTrue;

    // A request to the leader is open: the next one waits for its end.
    private bool _isAsking;

    /// <summary>Once a second.</summary>
    public void Turn()
    {
        Report();
        CompareQuotas();
        CompareHashes();
        SaveFence();
        TellAddress();
    }

    private void Report() => transport.Broadcast(new MemberReport(
        divergence.Own(), options.QuotaBytes, member.Wal.IsSpaceLow, member.State.KnownLevel, member.PeerPins.Need));

    /// <summary>Warns once for each value that a peer reports: the leader's quota counts, and the next leader may have another.</summary>
    private void CompareQuotas()
    {
        foreach (var peer in member.Replica.Status.Members.Members)
        {
            if (member.Reports.Find(peer.Id) is not { } report || _differingQuotas.GetValueOrDefault(peer.Id) == report.QuotaBytes)
            {
                continue;
            }

            _differingQuotas[peer.Id] = report.QuotaBytes;
            if (report.QuotaBytes != options.QuotaBytes)
            {
                NodeLog.QuotaDiffers(logger, peer.Label, report.QuotaBytes, options.QuotaBytes);
            }
        }
    }

    private void CompareHashes()
    {
        var status = member.Replica.Status;
        var differing = divergence.Differing(status.Members);
        if (DivergenceWatch.FindMajority(differing, status.Configuration) is { } against && status.FencedBecause is null)
        {
            NodeLog.Fenced(logger, against[0].Index, Fence.RepairOf(options.Self.Label, options.DataDirectory, options.ClientScheme));
            fence.Raise($"its state differs from that of {against.Count} voters at entry {against[0].Index}");
            return;
        }

        foreach (var verdict in differing)
        {
            if (status.IsPromoted)
            {
                Raise(verdict);
            }
        }
    }

    private void SaveFence()
    {
        try
        {
            fence.Save();
        }
        catch (StorageIoException failure)
        {
            NodeLog.FenceNotSaved(logger, failure.Message);
        }
    }

    private void Raise(DivergenceWatch.Verdict verdict)
    {
        var alarm = new Alarm(AlarmKind.Corrupt, AlarmCause.Divergence, verdict.Peer);
        if (member.State.View().Alarms.Contains(alarm))
        {
            return;
        }

        NodeLog.Diverged(logger, verdict.Peer, verdict.Index, verdict.Theirs, verdict.Own);
        Ask(() => router.ProposeAsync(member.Replica.OwnCommands.AlarmRaise(alarm)));
    }

    /// <summary>A member that was started with other addresses asks the cluster to use them.</summary>
    private void TellAddress()
    {
        var self = options.Self;
        var known = member.Replica.Status.CommittedMembers.Find(self.MemberId);
        if (_addressIsTrue || known is null || member.Replica.Status.Leader.IsNone)
        {
            return;
        }

        _addressIsTrue = known.HttpAddress == options.HttpAddress && known.PeerAddress == options.PeerAddress;
        if (_addressIsTrue)
        {
            return;
        }

        NodeLog.AddressChanged(logger, known.PeerAddress, options.PeerAddress);
        Ask(() => router.CallAsync(
            calls.Join,
            Caller.System,
            JoinAttempts.RequestOf(
                self, options.HttpAddress, options.PeerAddress, generator: null, member.State.KnownLevel)));
    }

    /// <summary>A request that fails is made again at the next turn.</summary>
    private void Ask(Func<Task> question)
    {
        if (_isAsking)
        {
            return;
        }

        _isAsking = true;
        context.Run(async () =>
        {
            try
            {
                await question();
            }
            catch (StoreException failure)
            {
                NodeLog.PeerCallFailed(logger, failure.Message);
            }
            finally
            {
                _isAsking = false;
            }
        });
    }
}
