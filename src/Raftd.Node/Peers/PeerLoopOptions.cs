using Raftd.Contract;
using Raftd.Node.Membership;

namespace Raftd.Node.Peers;

/// <summary>What a member's peers have to know of it, and its times.</summary>
internal sealed record PeerLoopOptions
{
    public required MemberIdentity Self { get; init; }

    /// <summary>Drawn anew by each process: tells its snapshots from those of the one before.</summary>
    public required ulong Start { get; init; }

    /// <summary>For what an operator is told.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Where clients reach it.</summary>
    public required string HttpAddress { get; init; }

    /// <summary>Where members reach it.</summary>
    public required string PeerAddress { get; init; }

    public required TimeSpan RequestTimeLimit { get; init; }

    /// <summary>The number of a member that joins, never used before: random in the product.</summary>
    public required Func<JoinRequest, ulong> DrawMemberId { get; init; }

    public required long MaxLeaseKeys { get; init; }

    public required long QuotaBytes { get; init; }
}
