// What every member does now and then, whether it leads or not: tells the others how it is, looks whether the state or the
// quota of one differs, keeps its own addresses in the member table true, and gives memory back.

using Microsoft.Extensions.Logging;
using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Peers;
using Raftd.Node.Service;
using Raftd.Store.Commands;

namespace Raftd.Node;

internal sealed class MemberChores(
    NodeOptions options, MemberIdentity self, RaftdMember member, HttpPeerTransport transport, DivergenceWatch divergence,
    LeaderRouter router, LeaderCalls calls, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<ulong, long> _differingQuotas = [];
    private readonly MemoryTrim _memory = new();
    private Task _running = Task.CompletedTask;
    private bool _addressIsTrue;

    public Task StartAsync()
    {
        _running = Task.Run(RunAsync);
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
            {
                Report();
                CompareQuotas();
                await CompareHashesAsync();
                await TellAddressAsync();
                _memory.Turn();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private void Report() =>
        transport.Broadcast(
        new MemberReport(divergence.Own(), options.QuotaBytes, member.Wal.IsSpaceLow, member.PeerPins.Need));

    /// <summary>Once for each value that a peer shows: the leader's quota counts, and the next leader may have another.</summary>
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

    private async Task CompareHashesAsync()
    {
        var status = member.Replica.Status;
        var differing = divergence.Differing(status.Members);
        var majority = (status.Configuration.Voters.Length / 2) + 1;
        if (differing.Count >= majority && status.FencedBecause is null)
        {
            NodeLog.Fenced(logger, differing[0].Index);
            member.Replica.Fence($"its state differs from that of {differing.Count} others at entry {differing[0].Index}");
            return;
        }

        foreach (var verdict in differing)
        {
            if (status.IsPromoted)
            {
                await RaiseAsync(verdict);
            }
        }
    }

    private async Task RaiseAsync(DivergenceWatch.Verdict verdict)
    {
        var alarm = new Alarm(AlarmKind.Corrupt, AlarmCause.Divergence, verdict.Peer);
        if (member.State.View().Alarms.Contains(alarm))
        {
            return;
        }

        NodeLog.Diverged(logger, verdict.Peer, verdict.Index, verdict.Theirs, verdict.Own);
        await TryAsync(async token => await router.ProposeAsync(CommandFactory.AlarmRaise(alarm), token));
    }

    /// <summary>A member that was started with other addresses asks the cluster to use them.</summary>
    private async Task TellAddressAsync()
    {
        var known = member.Replica.Status.CommittedMembers.Find(self.MemberId);
        if (_addressIsTrue || known is null || member.Replica.Status.Leader.IsNone)
        {
            return;
        }

        _addressIsTrue = known.HttpAddress == options.AdvertisedHttpAddress && known.PeerAddress == options.AdvertisedPeerAddress;
        if (_addressIsTrue)
        {
            return;
        }

        NodeLog.AddressChanged(logger, known.PeerAddress, options.AdvertisedPeerAddress);
        await TryAsync(async token => await router.CallAsync(
            calls.Join,
            new JoinRequest
            {
                Label = self.Label,
                HttpAddress = options.AdvertisedHttpAddress,
                PeerAddress = options.AdvertisedPeerAddress,
                Instance = self.Instance,
            },
            token));
    }

    /// <summary>A chore that fails is done again at the next turn.</summary>
    private async Task TryAsync(Func<CancellationToken, Task> chore)
    {
        try
        {
            await chore(_stop.Token);
        }
        catch (Exception failure) when (!_stop.IsCancellationRequested && failure is not InvariantViolationException)
        {
            NodeLog.PeerCallFailed(logger, failure.Message);
        }
    }
}
