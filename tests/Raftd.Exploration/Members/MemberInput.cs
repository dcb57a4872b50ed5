namespace Raftd.Exploration.Members;

internal enum InputKind
{
    /// <summary>The argument is the message's number.</summary>
    Deliver,

    /// <summary>The oldest write reaches the disk, and what waited for it leaves.</summary>
    Sync,

    /// <summary>The core is told how far the disk is.</summary>
    Report,

    /// <summary>The election timeout is over.</summary>
    Campaign,

    /// <summary>With <see cref="Worlds.Scope.SwiftElections"/>: campaigns, and the member of the argument's id is asked and heard at once.</summary>
    Elect,

    /// <summary>A tick at a leader: a heartbeat.</summary>
    Heartbeat,

    /// <summary>The argument tells the entries apart.</summary>
    Propose,

    /// <summary>The argument is the number of the scope's configuration.</summary>
    Configure,

    /// <summary>The argument is the read's context.</summary>
    Read,

    /// <summary>The argument is the target's id.</summary>
    Transfer,

    /// <summary>The log gives up what is applied.</summary>
    Compact,

    /// <summary>Stops, and starts again with what was durable.</summary>
    Crash,

    /// <summary>As a crash, and the last durable entry is gone too; the log notices.</summary>
    Tear,
}

/// <summary>One input of one member, in 32 bits.</summary>
internal readonly record struct MemberInput(InputKind Kind, int Argument = 0)
{
    private const int KindBits = 4;

    public int Code => (Argument << KindBits) | (int)Kind;

    public static MemberInput FromCode(int code) => new((InputKind)(code & ((1 << KindBits) - 1)), code >> KindBits);
}
