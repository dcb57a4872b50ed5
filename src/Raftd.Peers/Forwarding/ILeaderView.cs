namespace Raftd.Peers.Forwarding;

/// <summary>Tells who leads.</summary>
internal interface ILeaderView
{
    /// <summary>As this process sees it now. Any thread.</summary>
    LeaderSeen Leader { get; }

    /// <summary>The cluster's, as applied here: calls to the leader are written as it allows. Any thread.</summary>
    int FeatureLevel { get; }

    /// <summary>The log takes commands of any process: what surely did not reach the leader is proposed here.</summary>
    bool ProposesAnywhere { get; }
}

/// <param name="Id">Of the leader, this process perhaps; 0 while none is known.</param>
/// <param name="Member">Where it is reached; null where that is not known (yet).</param>
/// <param name="FencedBecause">Not null: why this process has cut itself off and forwards nothing.</param>
internal readonly record struct LeaderSeen(ulong Id, PeerTarget? Member, string? FencedBecause);
