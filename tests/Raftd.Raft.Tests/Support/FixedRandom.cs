namespace Raftd.Raft.Tests.Support;

/// <summary>Always the same draw, so that a script can say who times out first.</summary>
internal sealed class FixedRandom(int value) : IRandomSource
{
    public int Next(int exclusiveMax) => value % exclusiveMax;
}
