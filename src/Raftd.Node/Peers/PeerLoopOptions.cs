using Raftd.Node.Membership;

namespace Raftd.Node.Peers;

/// <summary>What a member tells its peers about itself, and its time limits.</summary>
internal sealed record PeerLoopOptions
{
    public required MemberIdentity Self { get; init; }

    /// <summary>Drawn by each process at its start: tells its snapshots from those of an earlier process.</summary>
    public required ulong Start { get; init; }

    /// <summary>For messages to the operator.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The address for clients.</summary>
    public required string HttpAddress { get; init; }

    /// <summary>The address for members.</summary>
    public required string PeerAddress { get; init; }

    /// <summary>Of the client URLs in messages to the operator.</summary>
    public string ClientScheme { get; init; } = Uri.UriSchemeHttp;

    public required TimeSpan RequestTimeLimit { get; init; }

    /// <summary>Draws the id of a member that joins, one that was never used before: random in the product.</summary>
    public required Func<ulong, ulong> DrawMemberId { get; init; }

    public required long MaxLeaseKeys { get; init; }

    public required long QuotaBytes { get; init; }
}
