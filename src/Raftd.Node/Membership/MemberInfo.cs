using System.Text.Json.Serialization;
using Raftd.Peers;

namespace Raftd.Node.Membership;

/// <summary>What the configuration holds about one member besides its vote.</summary>
internal sealed record MemberInfo
{
    /// <summary>Assigned at join, never used twice.</summary>
    public required ulong Id { get; init; }

    /// <summary>The operator's name for it (-id); empty until a member that was added by its peer address has started.</summary>
    public required string Label { get; init; }

    /// <summary>Empty as long as the label is.</summary>
    public required string HttpAddress { get; init; }

    public required string PeerAddress { get; init; }

    /// <summary>Drawn by its data directory before the first join; another number under the same label is another
    /// directory, which has lost the votes and acknowledgements of the first.</summary>
    public required ulong Instance { get; init; }

    /// <summary>Generator number of its snowflake ids.</summary>
    public required int Generator { get; init; }

    /// <summary>A learner that the leader promotes by itself once it has caught up.</summary>
    public required bool PromoteWhenCaughtUp { get; init; }

    /// <summary>False for a member that was added by its peer address and for which no directory has come yet.</summary>
    [JsonIgnore]
    public bool HasStarted => Label.Length > 0;

    /// <summary>As its peers reach it.</summary>
    [JsonIgnore]
    public PeerTarget Target => new(Id, Label, PeerAddress);

    /// <summary>In messages.</summary>
    [JsonIgnore]
    public string Name => HasStarted ? Label : "not started yet";
}
