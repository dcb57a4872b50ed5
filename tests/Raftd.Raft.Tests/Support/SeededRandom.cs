namespace Raftd.Raft.Tests.Support;

internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public int Next(int exclusiveMax) => _random.Next(exclusiveMax);

    public bool Chance(int percent) => _random.Next(100) < percent;
}
