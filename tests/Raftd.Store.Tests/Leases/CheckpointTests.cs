using Raftd.State.Commands;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Leases;

/// <summary>How often what is silent is checkpointed, and what elections give back all the same.</summary>
public sealed class CheckpointTests(ITestOutputHelper output) : IDisposable
{
    private readonly LeaseFixture _leases = new();

    private TestStore Store => _leases.Store;

    [Fact]
    public void KeyOfADay_CostsAbout150Entries_AndEndsInTime()
    {
        _leases.PutWithTtl("k", "v", ttl: 86_400);
        var entries = 0;
        var seconds = 0;
        for (; Store.Get("k") is not null; seconds++)
        {
            entries += CheckpointsOf(1).Count;
        }

        output.WriteLine($"{entries} entries in {seconds} s");
        Assert.InRange(entries, 120, 180);
        Assert.InRange(seconds, 86_400, 86_401);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(300)]
    [InlineData(3600)]
    [InlineData(40_000)]
    public void Checkpoints_OfAnyTimeLeft_AreAnEighthApartFromOneSecondToTenMinutes(long ttl)
    {
        _leases.PutWithTtl("k", "v", ttl);
        var (last, left) = (0.0, 0.0);
        for (var now = 0.1; Store.Get("k") is not null; now += 0.1)
        {
            foreach (var checkpoint in CheckpointsOf(0.1).SelectMany(entry => entry.Leases))
            {
                var apart = now - last;
                var most = Math.Clamp(left / 8, Math.Clamp(ttl / 1440.0, 1, 60), 600);
                if (last == 0)
                {
                    most = Math.Min(ttl / 4.0, 60);
                }

                Assert.True(apart <= most + 0.25, $"{apart} s apart at {now}, with {left} s left");
                Assert.True(last == 0 || apart >= 0.9, $"{apart} s apart at {now}, with {left} s left");
                (last, left) = (now, checkpoint.RemainingMilliseconds / 1000.0);
            }
        }

        Assert.True(last > 0 || ttl == 1, "never checkpointed");
    }

    [Fact]
    public void Checkpoints_DueWithinAMinute_ShareEntries()
    {
        for (var i = 0; i < 50; i++)
        {
            _leases.PutWithTtl($"k{i}", "v", ttl: 86_400);
            CheckpointsOf(1);
        }

        CheckpointsFor(7200);
        var entries = new List<LeaseCheckpointCommand>();
        for (var second = 0; second < 3600; second++)
        {
            entries.AddRange(CheckpointsOf(1));
        }

        output.WriteLine($"{entries.Count} entries with {entries.Sum(entry => entry.Leases.Count)} checkpoints in an hour");
        Assert.InRange(entries.Sum(entry => entry.Leases.Count), 50 * 5, 50 * 8);
        Assert.InRange(entries.Count, 6, 60); // one a minute, however many leases there are
    }

    [Fact]
    public void Lease_OfADayRenewedEachHour_WritesNothing()
    {
        _leases.Grant(1, "n", ttl: 86_400);
        _leases.KeepAlive(1, "k", "v");
        for (var hour = 0; hour < 3; hour++)
        {
            CheckpointsFor(3600);
            Assert.NotNull(_leases.KeepAlive(1, "k", "v"));
        }

        var entries = Store.Log.Count;
        for (var hour = 0; hour < 10; hour++)
        {
            CheckpointsFor(3600);
            Assert.True(_leases.KeepAlive(1, "k", "v"));
        }

        Assert.Equal(entries, Store.Log.Count);
    }

    /// <summary>The simulator shows the same with a whole cluster (--long-leases).</summary>
    [Theory]
    [InlineData(900)]
    [InlineData(480)]
    [InlineData(240)]
    public void KeyOfADay_ElectionsEveryFewMinutes_EndsWithinTwiceItsTime(int every)
    {
        _leases.PutWithTtl("k", "v", ttl: 86_400);
        var seconds = 0;
        for (; Store.Get("k") is not null; seconds++)
        {
            CheckpointsOf(1);
            if (seconds % every == every - 1)
            {
                _leases.NewTerm();
            }

            Assert.True(seconds <= 2 * 86_400, $"alive after {seconds} s");
        }

        output.WriteLine($"ended after {seconds} s: {seconds / 86_400.0:0.00} times its time");
        Assert.True(seconds >= 86_400);
    }

    public void Dispose() => _leases.Dispose();

    private void CheckpointsFor(int seconds)
    {
        for (var i = 0; i < seconds; i++)
        {
            CheckpointsOf(1);
        }
    }

    /// <summary>Lets time pass and does what the leader does at its next tick.</summary>
    private List<LeaseCheckpointCommand> CheckpointsOf(double seconds)
    {
        _leases.Time.Seconds(seconds);
        _leases.Tick();
        var made = new List<LeaseCheckpointCommand>();
        while (_leases.Lessor.CollectCheckpoints(1000) is { } batch)
        {
            Store.Apply(By.Nobody.LeaseCheckpoint(batch));
            made.Add(batch);
        }

        return made;
    }
}
