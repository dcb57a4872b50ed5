namespace Raftd.Store.Tests.Leases;

/// <summary>Renewals, expiries, checkpoints, elections and lost proposals in random order, against the promise itself:
/// neither a lease nor a key of its own deadline ends before its last acknowledged renewal plus the time to live.</summary>
public sealed class LeaseModelTests(ITestOutputHelper output)
{
    private const int Steps = 20_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(0)]
    public void Lessor_RandomSchedule_EndsNoLeaseEarly(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        using var leases = new RandomLeases(seed);
        for (var step = 0; step < Steps; step++)
        {
            leases.Step();
            leases.RequireNoneEndedEarly($"step {step}");
        }

        Assert.Null(leases.Audit());
        Assert.True(leases.Ended > 10, $"only {leases.Ended} leases ended");
        Assert.True(leases.KeysEnded > 10, $"only {leases.KeysEnded} keys ended before their lease");
    }
}
