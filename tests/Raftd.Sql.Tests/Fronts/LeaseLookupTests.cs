using System.Globalization;
using System.Text;
using Raftd.Contract;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Memory;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>Values of leases' keys are in the database, which takes its time: how many look at it at once, and how often.</summary>
public sealed class LeaseLookupTests : IDisposable
{
    private const int Keys = 300;

    // Reads, commits, beats and watches, and one to spare for each: a few, and not one for each request.
    private const int MostAtOnce = 8;

    private readonly Lock _gate = new();
    private readonly int _workers;
    private readonly int _ports;
    private int _now;
    private int _most;
    private int _looks;
    private volatile bool _isSlow;

    public LeaseLookupTests()
    {
        // A pool that has to make its threads first would hide that requests wait in them.
        ThreadPool.GetMinThreads(out _workers, out _ports);
        ThreadPool.SetMinThreads(2 * Keys, _ports);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => ThreadPool.SetMinThreads(_workers, _ports);

    [Fact]
    public async Task RenewalsWithData_AndListsOfKeys_LookUpManyAtOnce_AndHoldUpNoThread()
    {
        await using var front = await FrontOver.StartAsync(FailingCalls.Of(new MemoryDatabase(), Look));
        var lease = await front.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "/many", TtlSeconds = 600 }, Stop);
        await RenewAllAsync();

        _isSlow = true;
        await RenewAllAsync();
        Assert.InRange(_most, 1, MostAtOnce);

        _looks = 0;
        var list = await front.Leases.LeasedKeysAsync(Caller.Nobody, new LeasedKeysRequest { NamePrefix = "/many", Key = Bytes("") }, Stop);
        Assert.Equal(Keys, list.Items.Count);
        Assert.InRange(_looks, 1, Keys / 10);

        Task RenewAllAsync() => Task.WhenAll(Enumerable.Range(0, Keys).Select(number => Task.Run(async () => await front.Leases.KeepAliveAsync(
            Caller.Nobody,
            new LeaseKeepAliveRequest { Id = lease.Id, Key = Bytes(string.Create(CultureInfo.InvariantCulture, $"k{number}")), Data = Bytes("same") },
            Stop))));
    }

    /// <summary>Never fails; each look takes a while.</summary>
    private bool Look(string call)
    {
        if (!_isSlow || !string.Equals(call, "Snapshot", StringComparison.Ordinal))
        {
            return false;
        }

        Interlocked.Increment(ref _looks);
        var now = Interlocked.Increment(ref _now);
        lock (_gate)
        {
            _most = Math.Max(_most, now);
        }

        Thread.Sleep(20);
        Interlocked.Decrement(ref _now);
        return false;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
