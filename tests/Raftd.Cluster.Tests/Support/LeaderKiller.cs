using System.Diagnostics;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Support;

/// <summary>Kills the leader again and again (-9), and starts it with the same command line, until it is told to stop.</summary>
/// <remarks>
/// One member is spared: the shell loops talk to one address only, so if that member were down their renewals would fail,
/// and the loops and not the cluster would be what is measured. It is not kept from leading: whenever it is elected, and in
/// time it is, it counts the leases' time like any other until the leadership is handed to a victim. So all three members
/// lead by turns, and each round has a death, an election, and now and then a transfer just before.
/// </remarks>
internal sealed class LeaderKiller : IAsyncDisposable
{
    private static readonly TimeSpan ServeLimit = TimeSpan.FromSeconds(30);

    private readonly Lock _guard = new(); // of _leaderless and _leaderlessSince
    private readonly CancellationTokenSource _stop = new();
    private readonly TestCluster _cluster;
    private readonly Member _spared;
    private readonly Random _random;
    private readonly Task _killing;
    private TimeSpan _shortestReign;
    private TimeSpan _leaderless;
    private long _leaderlessSince;

    public LeaderKiller(TestCluster cluster, Member spared, Random random, TimeSpan shortestReign)
    {
        _cluster = cluster;
        _spared = spared;
        _random = random;
        _shortestReign = shortestReign;
        _killing = Task.Run(KillAsync);
    }

    public int Kills { get; private set; }

    public int Transfers { get; private set; }

    /// <summary>How long in all no member answered because of them, until now.</summary>
    public TimeSpan Leaderless
    {
        get
        {
            lock (_guard)
            {
                return _leaderless + (_leaderlessSince == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_leaderlessSince));
            }
        }
    }

    /// <summary>Between all members being well and the next death: this long, and up to twice.</summary>
    public TimeSpan ShortestReign
    {
        set => _shortestReign = value;
    }

    /// <summary>Throws what went wrong with it; to be looked at while waiting for something else.</summary>
    public void Check()
    {
        if (_killing.IsFaulted)
        {
            _killing.GetAwaiter().GetResult();
        }
    }

    /// <summary>Returns when all members are well again.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _killing;
        _stop.Dispose();
    }

    private async Task KillAsync()
    {
        while (true)
        {
            var reign = _shortestReign * (1 + _random.NextDouble());
            await Task.WhenAny(Task.Delay(reign, _stop.Token));
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            if (await _cluster.LeaderAsync() == _spared)
            {
                await TransferAsync();
            }

            await KillLeaderAsync();
        }
    }

    /// <summary>One that fails is tried again at the next turn.</summary>
    private async Task TransferAsync()
    {
        var victims = _cluster.Except(_spared).ToArray();
        var victim = victims[_random.Next(victims.Length)];
        Transfers++;
        await LeaderlessAsync(() => _spared.PostAsync($"/leader/transfer?to={victim.Label}"));
    }

    private async Task KillLeaderAsync()
    {
        var leader = await _cluster.LeaderAsync();
        if (leader == _spared)
        {
            return;
        }

        Kills++;
        await LeaderlessAsync(async () =>
        {
            await leader.KillAsync();
            leader.Start();
        });
        await _cluster.ReadyAsync();
    }

    /// <summary>Until a read has been confirmed by a leader: that one counts the time of leases.</summary>
    private async Task LeaderlessAsync(Func<Task> change)
    {
        lock (_guard)
        {
            _leaderlessSince = Stopwatch.GetTimestamp();
        }

        await change();
        await Until.TrueAsync("a leader answers", ServeLimit, async () => (await _spared.GetAsync("/leases")).Status == 200);
        lock (_guard)
        {
            _leaderless += Stopwatch.GetElapsedTime(_leaderlessSince);
            _leaderlessSince = 0;
        }
    }
}
