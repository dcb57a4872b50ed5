namespace Raftd.Simulation.Faults;

/// <summary>What may go wrong, at one member that the dice choose (the victim) or at several.</summary>
internal enum FaultKind
{
    // Processes.

    /// <summary>The victim stops between two steps and starts again later.</summary>
    Crash,

    /// <summary>The leader stops.</summary>
    CrashLeader,

    /// <summary>The victim stops in the middle of a file operation or of a write of its state.</summary>
    CrashInWrite,

    /// <summary>The victim stops when it is about to send a message, the messages before it sent.</summary>
    CrashInSend,

    /// <summary>The victim stops, and its next start stops in the middle of its recovery.</summary>
    CrashInRecovery,

    /// <summary>Each member stops at the same moment, or not.</summary>
    CrashSome,

    /// <summary>All members stop at the same moment.</summary>
    PowerLoss,

    /// <summary>The victim stops and is quickly back, again and again.</summary>
    CrashLoop,

    /// <summary>One member after the other is started anew, whether the one before has caught up or not.</summary>
    RollingRestart,

    /// <summary>The victim does not run for a while, and then goes on as if nothing had been. Its clock went on.</summary>
    Pause,

    /// <summary>As Pause, and its clock stood still: a virtual machine that was stopped.</summary>
    Freeze,

    /// <summary>All members stand still together.</summary>
    PauseAll,

    /// <summary>One of the victim's loops gets no turn for a while; the others go on.</summary>
    StalledLoop,

    /// <summary>The victim's clock runs at another rate from now on.</summary>
    ClockRate,

    // Disks.

    /// <summary>The victim's disk is slow.</summary>
    SlowDisk,

    /// <summary>Nothing that the victim asks of its disk ends for a while.</summary>
    HungDisk,

    /// <summary>The victim's state is slow to flush, its log is not.</summary>
    SlowState,

    /// <summary>The victim's disk is full for a while.</summary>
    FullDisk,

    /// <summary>A write or sync of the victim's log fails: the process stops by itself.</summary>
    FailingSync,

    /// <summary>Any call to the victim's file system fails, with any error.</summary>
    FailingCall,

    /// <summary>A write of the victim's state fails: the process stops by itself.</summary>
    FailingState,

    /// <summary>The victim crashes and its disk has damaged the last record of its log, synced or not.</summary>
    DamagedTail,

    /// <summary>A bit of the victim's log flips, anywhere in what was synced long ago.</summary>
    BitRot,

    /// <summary>A bit of the victim's state flips, in a key or a value, whether the member runs or not.</summary>
    StateRot,

    /// <summary>The victim crashes, and some pairs of its state that lie side by side are gone.</summary>
    LostPage,

    /// <summary>The victim's disk is exchanged for an empty one, and its operator starts it as on its first day: to found a
    /// cluster.</summary>
    EmptiedFounder,

    // The network.

    /// <summary>The members fall into two groups that do not hear each other.</summary>
    Partition,

    /// <summary>Two groups, and one member that hears both.</summary>
    Bridge,

    /// <summary>Each member hears only the one before it and the one behind it.</summary>
    Ring,

    /// <summary>Some directed links are cut.</summary>
    OneWay,

    /// <summary>The leader is cut off, in one or both directions.</summary>
    IsolateLeader,

    /// <summary>The victim is cut off for so long that it needs a snapshot.</summary>
    LeaveBehind,

    /// <summary>The victim is cut off until it needs a snapshot, votes in an election, and crashes when the snapshot has
    /// restarted its log.</summary>
    VoteBehindSnapshot,

    /// <summary>A link breaks and is mended many times in a second.</summary>
    FlappingLink,

    /// <summary>One directed link loses half of what it carries.</summary>
    LossyLink,

    /// <summary>One directed link takes seconds.</summary>
    SlowLink,

    /// <summary>All that is under way between any two members is lost.</summary>
    LostInFlight,

    /// <summary>Messages of the last seconds arrive once more.</summary>
    Replay,

    /// <summary>All snapshots that are on their way break off.</summary>
    BrokenSnapshots,

    /// <summary>The victim takes what comes on its streams only now and then.</summary>
    SlowReader,

    /// <summary>Much is lost and late for a while.</summary>
    Storm,

    // People.

    /// <summary>The leader is asked to hand over.</summary>
    Transfer,

    /// <summary>The leader is asked to hand over, then the next leader, several times.</summary>
    TransferToAndFro,

    /// <summary>The leader is removed from the cluster.</summary>
    RemoveLeader,

    /// <summary>The victim is started with another build, of a newer feature level or, before the cluster's has risen, of the
    /// older one. Seeds with this begin with the older one everywhere.</summary>
    Upgrade,

    /// <summary>Clients ask one thing after the other without a pause.</summary>
    Rush,

    /// <summary>A trap: one, or all, crash or are cut off just after something that matters has happened.</summary>
    Ambush,
}
