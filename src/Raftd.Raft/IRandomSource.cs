namespace Raftd.Raft;

/// <summary>Chance, handed in: the same seed and the same inputs give the same outputs.</summary>
public interface IRandomSource
{
    /// <summary>A value in [0, <paramref name="exclusiveMax"/>).</summary>
    int Next(int exclusiveMax);
}
