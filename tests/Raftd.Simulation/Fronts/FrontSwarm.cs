namespace Raftd.Simulation.Fronts;

/// <summary>What one seed is about: which faults there are, and how many.</summary>
internal sealed record FrontSwarm
{
    // The clocks of fronts may be this much fast or slow.
    public const double MaxClockSkew = 0.05;

    public required int Fronts { get; init; }

    public required int KeyClients { get; init; }

    public required int LeaseClients { get; init; }

    public required int Keys { get; init; }

    public required long ThinkMicroseconds { get; init; }

    /// <summary>Of a call of the database, there and back.</summary>
    public required long LatencyMicroseconds { get; init; }

    /// <summary>Of each call: the connection is lost before anything is sent, or while an answer is on its way.</summary>
    public required double LostCall { get; init; }

    /// <summary>Of each commit: the connection is lost behind it.</summary>
    public required double LostCommit { get; init; }

    /// <summary>Of each commit: the database gives up.</summary>
    public required double Again { get; init; }

    /// <summary>The database refuses a row for good whose bytes of the value add up to a multiple of this; 0 where it refuses none.</summary>
    public required int RefusedSum { get; init; }

    public required long QuotaBytes { get; init; }

    public required long KeptRows { get; init; }

    /// <summary>Of keys that the commit loop of a front remembers.</summary>
    public required long KnownKeyBytes { get; init; }

    public required long FaultSeconds { get; init; }

    /// <summary>Fronts reach each other, when nothing is wrong.</summary>
    public required bool HavePeers { get; init; }

    /// <summary>Of what one front sends another, one way.</summary>
    public required long PeerDelayMicroseconds { get; init; }

    /// <summary>Of streams between fronts: they break some seconds after they were opened.</summary>
    public required double BrokenStream { get; init; }

    /// <summary>Of hints: each is lost, late or doubled.</summary>
    public required double SickHint { get; init; }

    public required IReadOnlyList<FrontFault> Faults { get; init; }

    /// <summary>Of each call: it takes seconds, as one does that a lost packet or a busy disk holds up.</summary>
    public required double SlowCall { get; init; }

    /// <summary>Of those who make buckets, use them and remove them; 0 where there is none but the default one.</summary>
    public required int BucketClients { get; init; }

    public static FrontSwarm Draw(Dice dice)
    {
        var faults = Enum.GetValues<FrontFault>().Where(fault => dice.Chance(fault == FrontFault.LoseHistory ? 0.15 : 0.6)).ToList();
        var swarm = new FrontSwarm
        {
            Fronts = 1 + dice.Next(4),
            KeyClients = dice.Chance(0.2) ? 20 : 2 + dice.Next(5),
            LeaseClients = dice.Next(4),
            Keys = 2 + dice.Next(12),
            ThinkMicroseconds = dice.Between(5, 150) * Scheduler.Millisecond,
            LatencyMicroseconds = dice.Between(200, 8000),
            LostCall = dice.Chance(0.6) ? dice.Unit() * 0.02 : 0,
            LostCommit = dice.Chance(0.7) ? dice.Unit() * 0.1 : 0,
            Again = dice.Chance(0.4) ? dice.Unit() * 0.2 : 0,
            QuotaBytes = dice.Chance(0.2) ? dice.Between(1500, 6000) : 1 << 30,
            KeptRows = dice.Chance(0.3) ? dice.Between(5, 100) : 100_000,
            KnownKeyBytes = dice.Chance(0.3) ? dice.Between(0, 8000) : 1 << 20,
            FaultSeconds = 20 + dice.Next(30),
            HavePeers = dice.Chance(0.7),
            PeerDelayMicroseconds = dice.Between(100, 4000),
            BrokenStream = dice.Chance(0.6) ? dice.Unit() : 0,
            SickHint = dice.Chance(0.5) ? dice.Unit() * 0.3 : 0,
            Faults = faults,
            RefusedSum = dice.Chance(0.3) ? 20 + dice.Next(80) : 0,
            BucketClients = dice.Chance(0.35) ? 1 + dice.Next(4) : 0,
            SlowCall = dice.Chance(0.3) ? dice.Unit() * 0.01 : 0,
        };
        return swarm.BucketClients == 0 ? swarm : swarm with { Faults = [.. faults.Where(static fault => fault != FrontFault.LoseHistory)] };
    }
}

/// <summary>What befalls fronts and their database, beside single calls that fail.</summary>
internal enum FrontFault
{
    /// <summary>The process dies and is started again.</summary>
    Restart,

    /// <summary>A front stands still for some seconds, in whatever call it is.</summary>
    Pause,

    /// <summary>Longer than others take to forget it.</summary>
    LongPause,

    /// <summary>One front cannot reach the database; clients reach the front.</summary>
    CutOff,

    /// <summary>The database is away.</summary>
    Away,

    /// <summary>The database has no room.</summary>
    Full,

    /// <summary>The database goes back to an earlier moment.</summary>
    LoseHistory,

    /// <summary>One front and the others do not reach each other; all reach the database.</summary>
    PeersCut,

    /// <summary>Fronts are asked to give the lead to another.</summary>
    Transfer,
}
