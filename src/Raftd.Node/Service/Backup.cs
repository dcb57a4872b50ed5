using System.Buffers;
using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Service;

/// <summary>A backup is a spooled snapshot, chunk behind chunk (docs/snapshot-format.md).</summary>
/// <param name="lease">On the snapshot's file; owned from here on.</param>
/// <param name="place">Among the backups that clients may have open; owned from here on. Null for the member's own.</param>
internal sealed class Backup(SpoolLease lease, IDisposable? place) : IBackup
{
    private readonly ArrayBufferWriter<byte> _chunk = new();
    private long _next;

    public long Bytes => lease.Snapshot.TotalBytes;

    public CancellationToken Revoked => lease.Snapshot.Revoked;

    public ReadOnlyMemory<byte> Read()
    {
        if (Revoked.IsCancellationRequested)
        {
            throw new StoreException(
                ErrorCode.TooManyRequests, "a peer needed the room of this backup, which was read too slowly", "ask again");
        }

        _chunk.ResetWrittenCount();
        if (_next == lease.Snapshot.ChunkCount)
        {
            return default;
        }

        try
        {
            lease.ReadChunk(_next++, _chunk);
            return _chunk.WrittenMemory;
        }
        catch (Exception damage) when (damage is SnapshotCorruptException or StorageIoException)
        {
            throw new StoreException(ErrorCode.NotReady, $"the file of this backup cannot be read: {damage.Message}", "ask again");
        }
    }

    public void Dispose()
    {
        lease.Dispose();
        place?.Dispose();
    }
}
