namespace Raftd.Cluster.Tests.Wire;

/// <summary>What becomes of the frames that go one way between two members. As made, they arrive at once and in order.</summary>
internal sealed record Link
{
    public static readonly Link Good = new();

    public static readonly Link Severed = new() { IsCut = true };

    public bool IsCut { get; init; }

    /// <summary>Share of the frames that are lost, 0 to 1; drawn for each.</summary>
    public double Loss { get; init; }

    /// <summary>Share of the frames that arrive twice.</summary>
    public double Doubled { get; init; }

    /// <summary>Share of the frames that do not wait for their delay, and so overtake others.</summary>
    public double Hasty { get; init; }

    public TimeSpan Delay { get; init; }

    /// <summary>More delay, drawn between 0 and this for each frame; it does not change their order.</summary>
    public TimeSpan Jitter { get; init; }

    /// <summary>How much passes in a second, headers included; 0 for as much as comes. What comes faster waits its turn, and is
    /// lost where that would take longer than <see cref="LongestQueue"/>.</summary>
    public int BytesPerSecond { get; init; }

    public TimeSpan LongestQueue { get; init; } = TimeSpan.FromMilliseconds(50);
}
