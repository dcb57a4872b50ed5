using Raftd.Cluster.Tests.Wire;

namespace Raftd.Cluster.Tests.Chaos.Ills;

/// <summary>For a while every link between members is as bad as this: slow, lossy, doubling. Meanwhile another ill strikes, and
/// must come to the same as on a good wire.</summary>
internal sealed class BadWire(WiredCluster wired, Link link, Ill meanwhile) : Ill
{
    /// <summary>Tens of milliseconds, never the same.</summary>
    public static readonly Link Slow = new() { Delay = TimeSpan.FromMilliseconds(20), Jitter = TimeSpan.FromMilliseconds(30) };

    public static readonly Link Lossy = new() { Loss = 0.05 };

    /// <summary>Doubled, and some overtake others.</summary>
    public static readonly Link Muddled = new() { Doubled = 0.2, Hasty = 0.1, Delay = TimeSpan.FromMilliseconds(2), Jitter = TimeSpan.FromMilliseconds(5) };

    public override async Task StrikeAsync(Havoc havoc)
    {
        wired.Wire.SetAll(link);
        try
        {
            await havoc.LoadGoesOnAsync(500);
            await meanwhile.StrikeAsync(havoc);
        }
        finally
        {
            wired.Heal();
        }

        await havoc.Cluster.ReadyAsync();
    }
}
