using Raftd.Raft;

namespace Raftd.Node.Restoring;

/// <summary>What the directory of a stopped member holds.</summary>
public sealed record DirectoryReport
{
    public required string Directory { get; init; }

    public required ulong ClusterId { get; init; }

    public required ulong MemberId { get; init; }

    public required string Label { get; init; }

    /// <summary>The last entry that can be had from here: of the log up to its end or its damage, or of the state where that is
    /// ahead.</summary>
    public required EntryId Last { get; init; }

    /// <summary>The last entry in the state on disk; 0/0 if nothing was ever flushed, or the state cannot be read.</summary>
    public required EntryId Applied { get; init; }

    /// <summary>Of the state on disk.</summary>
    public required long Revision { get; init; }

    /// <summary>What this member knew to be committed.</summary>
    public required ulong Commit { get; init; }

    /// <summary>Of the newest configuration in log and state, committed or not, by name; empty where there is none that can be
    /// read.</summary>
    public required IReadOnlyList<ConfiguredMember> Members { get; init; }

    /// <summary>The log's end was torn, by the crash or by an earlier one, and no leader has made it whole since: of what this
    /// member acknowledged, its disk may have lost the end.</summary>
    public required bool IsRecovering { get; init; }

    /// <summary>Null for a log that can be read to its end.</summary>
    public string? LogDamage { get; init; }

    /// <summary>Null for a state that can be read.</summary>
    public string? StateDamage { get; init; }

    /// <summary>Not null: the member found that its state contradicts the majority's.</summary>
    public string? FencedBecause { get; init; }

    /// <summary>Its log is what the member wrote: Last is the last entry that it had, torn ends aside.</summary>
    public bool HasWholeLog => LogDamage is null && FencedBecause is null;

    /// <summary>What is wrong with it, or null.</summary>
    public string? Problem =>
        StateDamage is { } state ? $"its state is damaged: {state}"
        : FencedBecause is { } fenced ? $"it was fenced: {fenced}"
        : LogDamage is { } log ? $"its log is damaged: {log}"
        : null;
}

/// <summary>A member as a configuration names it.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Name">Its label, or what stands for it in messages.</param>
/// <param name="IsVoter">False for a learner.</param>
public sealed record ConfiguredMember(ulong Id, string Name, bool IsVoter);
