using Raftd.Raft;

namespace Raftd.Testing.Cores;

/// <summary>Always the same draw, so that a test can say who times out first.</summary>
public sealed class FixedRandom(int value) : IRandomSource
{
    public int Next(int exclusiveMax) => value % exclusiveMax;
}
