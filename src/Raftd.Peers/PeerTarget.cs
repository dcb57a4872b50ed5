namespace Raftd.Peers;

/// <summary>A peer, and where it listens for others.</summary>
/// <param name="Id">As the cluster knows it.</param>
/// <param name="Label">The operator's name for it.</param>
/// <param name="Address">host:port for peers.</param>
internal sealed record PeerTarget(ulong Id, string Label, string Address);
