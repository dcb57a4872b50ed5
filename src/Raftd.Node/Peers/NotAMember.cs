using Raftd.Peers;

namespace Raftd.Node.Peers;

/// <summary>The door of a process that listens for peers and belongs to no cluster yet: callers try again later.</summary>
internal static class NotAMember
{
    public static void Refuse(IIncomingStream stream) =>
        stream.Refuse(PeerStatus.Unavailable, "this member has not joined a cluster yet");
}
