using System.Globalization;
using Raftd.Cluster.Tests.Support;
using Raftd.Testing;

namespace Raftd.Cluster.Tests.Chaos.Leases;

/// <summary>Clients that hold leases of a few seconds, each with a key: none is gone before its time, and one that is renewed no more
/// ends.</summary>
internal sealed class LeasedLoad : IAsyncDisposable
{
    private const int Clients = 8;
    private const string Names = "leased";

    private readonly IReadOnlyList<Member> _members;
    private readonly LeaseClient[] _clients;
    private CancellationTokenSource _stop = new();
    private Task[] _running = [];

    public LeasedLoad(IReadOnlyList<Member> members, int seed)
    {
        _members = members;
        _clients = [.. Enumerable.Range(0, Clients).Select(number => new LeaseClient(
            members,
            Seed.RandomOf(seed, number),
            string.Create(CultureInfo.InvariantCulture, $"{Names}/{number}")))];
    }

    /// <summary>Renewals that were acknowledged.</summary>
    public int Renewals => _clients.Sum(static client => client.Renewals);

    /// <summary>Leases that nobody renewed any more, and that are gone.</summary>
    public int Ended => _clients.Sum(static client => client.Ended);

    public void Start()
    {
        _stop = new CancellationTokenSource();
        _running = [.. _clients.Select(client => Task.Run(() => client.RunAsync(_stop.Token)))];
    }

    /// <summary>Returns when every request has ended; throws what a client stumbled over.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
        _running = [];
    }

    /// <summary>Nobody renews anything any more: every lease ends, and its key with it. Behind StopAsync, where all are well.</summary>
    public async Task AwaitEndsAsync()
    {
        await Task.WhenAll(_clients.Select(static client => client.AwaitEndsAsync()));
        await Until.TrueAsync($"no lease has a key in {Names}/", Havoc.Limit, async () =>
            (await _members[0].GetAsync($"/keys/{Names}/?count_only=1")) is { Status: 200 } keys && keys.Json.GetProperty("count").GetInt64() == 0);
    }

    public async ValueTask DisposeAsync()
    {
        if (_running.Length > 0)
        {
            await StopAsync();
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{_clients.Sum(static client => client.Held)} leases, renewed {Renewals} times: {Ended} were let go of and ended, "
        + $"{_clients.Sum(static client => client.Lapsed)} lapsed, {_clients.Sum(static client => client.Revoked)} were revoked");
}
