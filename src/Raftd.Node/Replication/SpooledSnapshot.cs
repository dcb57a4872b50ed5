using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Replication;

/// <summary>A whole snapshot in a file. It is read through leases and needs no reader of the state.</summary>
internal sealed class SpooledSnapshot(ulong id, SnapshotMeta meta, SnapshotIndex index, IFile file, string path) : IDisposable
{
    private readonly CancellationTokenSource _revoked = new();
    private int _holders;
    private int _backups;
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

    /// <summary>A peer waits for the room of this snapshot, which only backups hold: they end.</summary>
    public CancellationToken Revoked => _revoked.Token;

    /// <summary>Leases that are not disposed.</summary>
    internal int Holders => Volatile.Read(ref _holders);

    internal bool IsHeldByBackupsAlone => Holders is > 0 and var holders && Volatile.Read(ref _backups) == holders;

    internal void Hold(bool isBackup)
    {
        Interlocked.Increment(ref _holders);
        Interlocked.Add(ref _backups, isBackup ? 1 : 0);
    }

    internal void LetGo(bool isBackup)
    {
        Interlocked.Add(ref _backups, isBackup ? -1 : 0);
        Interlocked.Decrement(ref _holders);
    }

    /// <summary>Once or more. What the readers do about it runs on other threads.</summary>
    internal void Revoke() => _ = _revoked.CancelAsync();

    /// <summary>Without holders. Its name is its directory's to remove.</summary>
    public void Dispose()
    {
        file.Dispose();
        _revoked.Dispose();
    }
}
