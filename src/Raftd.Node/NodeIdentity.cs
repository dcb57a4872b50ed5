using Raftd.Node.Membership;
using Raftd.Wal;

namespace Raftd.Node;

/// <summary>What a data directory says before its member is started.</summary>
public static class NodeIdentity
{
    /// <summary>True once the directory belongs to a member that joined a cluster of others.</summary>
    /// <exception cref="FatalStopException">member.json is damaged.</exception>
    public static bool HasJoined(string dataDirectory) =>
        new IdentityFile(new PosixFileSystem(), dataDirectory).Load() is { IsMember: true, IsFounder: false };
}
