// A member whose state contradicts the majority's is fenced: it hears, says and answers nothing.
//
// It is fenced in memory at once, because each further answer could be wrong, and on disk, in member.json, right after that.
// A crash between the two forgets the fence: the member starts without it, and finds out again from the first reports of
// its peers, as it did the first time. A failed write is tried again each second.

using Raftd.Node.Replication;
using Raftd.Wal;

namespace Raftd.Node.Membership;

/// <summary>Raises the fence and writes it down. One thread at a time.</summary>
internal sealed class Fence(IdentityFile file, MemberIdentity identity, Replica replica)
{
    private string? _unsaved;

    /// <summary>The steps with which an operator repairs a fenced member.</summary>
    public static string RepairOf(string label, string dataDirectory, string clientScheme) =>
        $"remove it from the cluster (curl -X DELETE {clientScheme}://<another member>/members/{label}), empty {dataDirectory} and "
        + "start it with -join";

    /// <summary>From here on this member answers nothing.</summary>
    public void Raise(string reason)
    {
        replica.Fence(reason);
        _unsaved = reason;
    }

    /// <summary>Writes the fence to disk if it is not there yet.</summary>
    /// <exception cref="StorageIoException">The write failed; the next call tries again.</exception>
    public void Save()
    {
        if (_unsaved is { } reason)
        {
            file.Save(identity with { HasStarted = true, FencedBecause = reason });
            _unsaved = null;
        }
    }
}
