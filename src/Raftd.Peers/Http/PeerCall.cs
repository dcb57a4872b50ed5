using Microsoft.AspNetCore.Http;

namespace Raftd.Peers.Http;

/// <summary>A request at the peer address that is no stream.</summary>
internal sealed record PeerCall(string Path, Func<HttpContext, Task> Answer);
