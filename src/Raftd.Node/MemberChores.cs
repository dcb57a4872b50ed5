// What every member does now and then, whether it leads or not: tells the others its hash, looks whether one differs,
// keeps its own addresses in the member table true, and gives memory back.

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
    private readonly HashSet<ulong> _alarmed = [];
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
                await CompareHashesAsync();
                await WatchDiskAsync();
                await TellAddressAsync();
                _memory.Turn();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task CompareHashesAsync()
    {
        if (divergence.Own() is { } own)
        {
            transport.Broadcast(own);
        }

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
            if (status.IsPromoted && _alarmed.Add(verdict.Peer))
            {
                await RaiseAsync(verdict);
            }
        }
    }

    private async Task RaiseAsync(DivergenceWatch.Verdict verdict)
    {
        NodeLog.AlarmRaised(
            logger, "CORRUPT", verdict.Peer, $"its hash at entry {verdict.Index} is {verdict.Theirs:x16}, here it is {verdict.Own:x16}");
        await TryAsync(async token =>
            await router.ProposeAsync(CommandFactory.AlarmRaise(AlarmKind.Corrupt, verdict.Peer), token));
    }

    /// <summary>A disk that runs full anywhere raises the alarm for all, while this member can still log what follows.</summary>
    private async Task WatchDiskAsync()
    {
        var standing = AlarmViews.IsRaised(member.State.View(), AlarmKind.NoSpace, self.MemberId);
        if (member.Wal.IsSpaceLow == standing)
        {
            return;
        }

        if (standing)
        {
            NodeLog.AlarmCleared(logger, "NOSPACE", self.MemberId);
        }
        else
        {
            NodeLog.AlarmRaised(logger, "NOSPACE", self.MemberId, "the disk of its log has no room for another segment");
        }

        await TryAsync(async token => await router.ProposeAsync(
            standing
                ? CommandFactory.AlarmClear(AlarmKind.NoSpace, self.MemberId)
                : CommandFactory.AlarmRaise(AlarmKind.NoSpace, self.MemberId),
            token));
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
