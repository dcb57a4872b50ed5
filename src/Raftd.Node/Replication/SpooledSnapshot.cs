using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>A whole snapshot in a file. It is read through leases and needs no reader of the state.</summary>
internal sealed class SpooledSnapshot(ulong id, SnapshotMeta meta, SnapshotIndex index, IFile file, string path)
{
    private int _holders;
    private volatile bool _isDamaged;

    /// <summary>Its number among the snapshots of this process: a stream resumes only with chunks of the same one.</summary>
    public ulong Id => id;

    public SnapshotMeta Meta => meta;

    public long ChunkCount => index.ChunkCount;

    public long TotalBytes => index.TotalBytes;

    internal SnapshotIndex Index => index;

    internal IFile File => file;

    internal string Path => path;

    /// <summary>The file does not hold what was written to it, and is not lent any more.</summary>
    internal bool IsDamaged
    {
        get => _isDamaged;
        set => _isDamaged = value;
    }

    /// <summary>Leases that are not disposed.</summary>
    internal int Holders => Volatile.Read(ref _holders);

    internal void Hold() => Interlocked.Increment(ref _holders);

    internal void LetGo() => Interlocked.Decrement(ref _holders);
}
