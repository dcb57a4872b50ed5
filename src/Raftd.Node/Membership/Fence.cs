// A member whose state contradicts the majority's is fenced: it hears, says and answers nothing.
//
// In memory at once, because each further answer could be wrong; on disk, in member.json, right behind it. A crash between
// the two forgets the fence: the member starts as before it knew, and finds out again with the first reports of its peers,
// as it did the first time. A disk that takes nothing is tried again each second.

using Raftd.Node.Replication;
using Raftd.Wal;

namespace Raftd.Node.Membership;

/// <summary>What a fenced member keeps of it. One thread at a time.</summary>
internal sealed class Fence(IdentityFile file, MemberIdentity identity, Replica replica)
{
    private string? _unsaved;

    /// <summary>How an operator gets such a member back.</summary>
    public static string RepairOf(string label, string dataDirectory) =>
        $"remove it from the cluster (curl -X DELETE http://<another member>/members/{label}), empty {dataDirectory} and start it "
        + "with -join";

    /// <summary>From here on nothing is answered.</summary>
    public void Raise(string reason)
    {
        replica.Fence(reason);
        _unsaved = reason;
    }

    /// <summary>Writes down what is not on disk yet, if anything.</summary>
    /// <exception cref="StorageIoException">The disk did not take it; the next call tries again.</exception>
    public void Save()
    {
        if (_unsaved is { } reason)
        {
            file.Save(identity with { HasStarted = true, FencedBecause = reason });
            _unsaved = null;
        }
    }
}
