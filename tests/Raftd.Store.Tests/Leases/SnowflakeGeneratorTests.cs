using Raftd.Contract;
using Raftd.State.Leases;
using Raftd.Testing.Clocks;

namespace Raftd.Store.Tests.Leases;

public sealed class SnowflakeGeneratorTests
{
    [Fact]
    public void Next_ClockStandsStepsBackAndJumps_GivesNoIdTwice()
    {
        var time = new ManualTime();
        var random = new Random(3);
        var generator = new SnowflakeGenerator(5, time);
        var last = 0L;
        for (var i = 0; i < 100_000; i++)
        {
            var id = generator.Next();
            Assert.True(id > last, $"{id} after {last}");
            Assert.Equal(5, (id >> 12) & 1023);
            last = id;
            if (random.Next(1000) == 0)
            {
                time.WallClock += TimeSpan.FromSeconds(random.Next(-1000, 1000));
            }
        }
    }

    [Theory]
    [InlineData(1970)]
    [InlineData(2025)]
    [InlineData(2090)]
    public void Id_OfAnyYear_IsPositive(int year)
    {
        var time = new ManualTime { WallClock = new DateTimeOffset(year, 1, 1, 0, 0, 0, TimeSpan.Zero) };
        var generator = new SnowflakeGenerator(0, time);
        Assert.True(generator.Next() > 0);
        Assert.True(generator.Next() > 0);
    }

    [Fact]
    public void Next_OfDifferentGenerators_NeverGivesTheSame()
    {
        var time = new ManualTime();
        var one = new SnowflakeGenerator(0, time);
        var other = new SnowflakeGenerator(Bounds.Generator.Most, time);
        var ids = Enumerable.Range(0, 5000).SelectMany(_ => new[] { one.Next(), other.Next() }).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }

    [Fact]
    public void Generator_OutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SnowflakeGenerator(1024, TimeProvider.System));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SnowflakeGenerator(-1, TimeProvider.System));
    }
}
