using Raftd.Contract;
using Raftd.State.Timekeeping;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Leases;

/// <summary>
/// How much CPU the longest step takes that a leader, or apply on any member, does for one lease with many keys of which one
/// is renewed (CPU, because a machine that is busy would tell of itself): the figures of docs/performance.md. Run by hand:
/// <c>dotnet run -c Release --project tests/Raftd.Store.Tests -- -explicit only -class '*LeaseMeasurements' -showLiveOutput</c>.
/// </summary>
public sealed class LeaseMeasurements(ITestOutputHelper output)
{
    private const double Tick = 0.1;
    private const int TtlSeconds = 60;

    private readonly Dictionary<string, (TimeSpan Longest, TimeSpan Sum)> _steps = new(StringComparer.Ordinal);

    [Theory(Explicit = true)]
    [InlineData(1000)]
    [InlineData(3000)]
    [InlineData(10_000)]
    [InlineData(100_000)]
    public void OneLeaseWithManyKeys_OneRenewed_ThroughAChangeOfLeader(int keys)
    {
        using var leases = new LeaseFixture();
        leases.Grant(1, "n", TtlSeconds);
        for (var i = 0; i < keys; i++)
        {
            leases.Store.Apply(By.Nobody.LeaseKeepAlive(KeepAlive(i)));
        }

        for (var tick = 1; leases.Store.State.View().KeyCount > 1; tick++)
        {
            leases.Time.Seconds(Tick);
            if (tick % 3 == 0)
            {
                Renew(leases);
            }

            Expire(leases);
            Checkpoint(leases);
            if (tick == 200)
            {
                leases.BeginTerm();
                while (Measure("take in", () => leases.Lessor.Load(500)))
                {
                }
            }
        }

        foreach (var (step, (longest, sum)) in _steps.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            output.WriteLine($"{keys} keys: {step}: longest {longest.TotalMilliseconds:0.0} ms, all {sum.TotalMilliseconds:0} ms");
        }
    }

    private static LeaseKeepAliveRequest KeepAlive(int key) => new()
    {
        Id = 1,
        Key = TestStore.Bytes($"k{key}"),
        Data = TestStore.Bytes("v"),
    };

    private void Renew(LeaseFixture leases)
    {
        if (Measure("renew", () => leases.TryRenew(1, "k0", "v")).Status == RenewStatus.NeedsEntry)
        {
            Measure("apply renewal", () => leases.KeepAliveEntry(1, "k0", "v"));
        }
    }

    private void Expire(LeaseFixture leases)
    {
        if (Measure("collect ends", () => leases.Lessor.CollectDue(1000)) is { } due)
        {
            Measure("apply ends", () => leases.Store.Apply(By.Nobody.LeaseExpire(due)));
        }
    }

    private void Checkpoint(LeaseFixture leases)
    {
        if (Measure("collect checkpoints", () => leases.Lessor.CollectCheckpoints(500)) is { } silent)
        {
            Measure("apply checkpoints", () => leases.Store.Apply(By.Nobody.LeaseCheckpoint(silent)));
        }
    }

    private T Measure<T>(string step, Func<T> run)
    {
        var started = Environment.CpuUsage.TotalTime;
        var result = run();
        var took = Environment.CpuUsage.TotalTime - started;
        var (longest, sum) = _steps.GetValueOrDefault(step);
        _steps[step] = (took > longest ? took : longest, sum + took);
        return result;
    }
}
