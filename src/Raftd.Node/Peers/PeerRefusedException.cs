namespace Raftd.Node.Peers;

/// <summary>The other side was reached and said no, with its reason.</summary>
internal sealed class PeerRefusedException(string reason) : Exception(reason);
