using Raftd.Raft;

namespace Raftd.Simulation;

/// <summary>The only source of chance (SplitMix64): the same on every machine and runtime. Each part of a simulation has a
/// fork of its own, so that one more draw in one part does not change what the others draw.</summary>
internal sealed class Dice(ulong seed) : IRandomSource
{
    private ulong _state = seed;

    public ulong Draw()
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    public Dice Fork() => new(Draw());

    public int Next(int exclusiveMax) => (int)(Draw() % (ulong)exclusiveMax);

    /// <summary>In [low, high].</summary>
    public long Between(long low, long high) => low + (long)(Draw() % (ulong)(high - low + 1));

    /// <summary>In [0, 1).</summary>
    public double Unit() => (Draw() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => Unit() < probability;

    /// <summary>Mostly short, sometimes several times the mean: as the pauses of machines and networks are.</summary>
    public long Exponential(long mean) => (long)(-Math.Log(1 - Unit()) * mean);

    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>For the models that take one.</summary>
    public Random ToRandom() => new((int)(Draw() & int.MaxValue));
}
