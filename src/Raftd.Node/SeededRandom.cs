using Raftd.Raft;

namespace Raftd.Node;

/// <summary>Election timeouts differ between members because their seeds do.</summary>
internal sealed class SeededRandom(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public int Next(int exclusiveMax) => _random.Next(exclusiveMax);
}
