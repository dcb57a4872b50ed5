namespace Raftd.Simulation.Faults;

internal enum FaultKind
{
    /// <summary>One member stops between two steps and starts again later.</summary>
    Crash,

    /// <summary>One member stops in the middle of a file operation or of a write of its state.</summary>
    CrashInWrite,

    /// <summary>All members stop at the same moment.</summary>
    PowerLoss,

    /// <summary>One member stops and is quickly back, again and again.</summary>
    CrashLoop,

    /// <summary>The members fall into two groups that do not hear each other.</summary>
    Partition,

    /// <summary>Some directed links are cut.</summary>
    OneWay,

    /// <summary>The leader is cut off, in one or both directions.</summary>
    IsolateLeader,

    /// <summary>One member does not run for a while, and then goes on as if nothing had been.</summary>
    Pause,

    /// <summary>The log's disk of one member is slow, or hangs.</summary>
    SlowDisk,

    /// <summary>One member's disk is full for a while.</summary>
    FullDisk,

    /// <summary>A write or sync of one member's log fails: the process stops by itself.</summary>
    FailingDisk,

    /// <summary>The leader is asked to hand over.</summary>
    Transfer,

    /// <summary>A trap: one, or all, crash or are cut off just after something that matters has happened.</summary>
    Ambush,

    /// <summary>One member crashes and its disk has damaged the last record of its log, synced or not.</summary>
    DamagedTail,

    /// <summary>Much is lost and late for a while.</summary>
    Storm,
}
