using System.Net;

namespace Raftd.Peers.Http;

/// <summary>Another process listens where peers are to call.</summary>
public sealed class PeerAddressTakenException(IPEndPoint endPoint, Exception cause)
    : Exception($"the peer address {endPoint} is in use", cause)
{
    public const string Remedy = "stop the process that listens there, or choose another -raddr";
}
