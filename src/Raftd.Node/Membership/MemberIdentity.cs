using System.Text.Json.Serialization;
using Raftd.Peers;

namespace Raftd.Node.Membership;

/// <summary>Which member this data directory belongs to: the content of member.json.</summary>
/// <remarks>
/// Written three times in a directory's life: with the instance alone, before the first join, so that a join repeated
/// after a crash is known to come from the same directory; with the ids the cluster assigned; and once the log exists.
/// A fourth time when the member fences itself. That is never undone: the operator empties the directory.
/// </remarks>
internal sealed record MemberIdentity
{
    public const int CurrentFormat = 1;

    public required int Format { get; init; }

    /// <summary>Random, drawn before the first join, never 0.</summary>
    public required ulong Instance { get; init; }

    public required string Label { get; init; }

    /// <summary>0 until the member has joined or founded a cluster.</summary>
    public ulong ClusterId { get; init; }

    /// <summary>0 until the member has joined or founded a cluster.</summary>
    public ulong MemberId { get; init; }

    public int Generator { get; init; }

    /// <summary>The members in the answer to the join: where to find peers before the log names them.</summary>
    public MemberInfo[] KnownMembers { get; init; } = [];

    /// <summary>This directory founded its cluster: its log begins with the first configuration.</summary>
    public bool IsFounder { get; init; }

    /// <summary>The log has been opened once: from then on a missing log is a loss, not a beginning.</summary>
    public bool HasStarted { get; init; }

    /// <summary>Not null: the state contradicts the majority's, and the member answers nothing, over restarts too.</summary>
    public string? FencedBecause { get; init; }

    /// <summary>True once the cluster has given this directory its ids.</summary>
    public bool IsMember => MemberId != 0;

    /// <summary>As its peers know it.</summary>
    [JsonIgnore]
    public PeerIdentity Peer => new(ClusterId, MemberId, Label);
}
