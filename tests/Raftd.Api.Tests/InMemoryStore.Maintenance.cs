using Raftd.Contract;
using Raftd.Shared;

namespace Raftd.Api.Tests;

/// <summary>Maintenance of the store in memory. What it has, it has in memory alone, so both hashes are of the history.</summary>
internal sealed partial class InMemoryStore : IMaintenanceService
{
    public ValueTask<HistoryHashResponse> HashHistoryAsync(Caller caller, long revision, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            var at = revision <= 0 ? _revision : revision;
            if (at < _compacted)
            {
                throw new StoreException(ErrorCode.Compacted, $"revision {at} is compacted");
            }

            if (at > _revision)
            {
                throw new StoreException(ErrorCode.FutureRevision, $"revision {at} is in the future");
            }

            return ValueTask.FromResult(new HistoryHashResponse
            {
                Revision = _revision,
                HashedRevision = at,
                CompactRevision = _compacted,
                Hash = HashOf(at),
            });
        }
    }

    public async ValueTask<StoredHashResponse> HashStoredAsync(Caller caller, CancellationToken cancellationToken)
    {
        var hashed = await HashHistoryAsync(caller, 0, cancellationToken);
        return new StoredHashResponse { Revision = hashed.Revision, Hash = hashed.Hash };
    }

    /// <summary>Bytes of a backup, which are not those that are stored: tests choose what the face has to send.</summary>
    public byte[] BackupBytes { get; set; } = [1, 2, 3];

    public Action BeforeBackupRead { get; set; } = static () => { };

    /// <summary>Cancelled where the member needs the room of its backups.</summary>
    public CancellationTokenSource BackupRoom { get; } = new();

    public int OpenBackups => Volatile.Read(ref _openBackups);

    private int _openBackups;

    public ValueTask<IBackup> OpenBackupAsync(Caller caller, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            _openBackups++;
            return ValueTask.FromResult<IBackup>(new Backup(this));
        }
    }

    /// <summary>There is nothing to do in memory.</summary>
    public ValueTask DefragmentAsync(Caller caller, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            Enter();
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>In pieces of 100 KB.</summary>
    private sealed class Backup(InMemoryStore store) : IBackup
    {
        private const int PieceBytes = 100_000;

        private ReadOnlyMemory<byte> _rest = store.BackupBytes;

        public long Bytes { get; } = store.BackupBytes.Length;

        public CancellationToken Revoked => store.BackupRoom.Token;

        public ReadOnlyMemory<byte> Read()
        {
            store.BeforeBackupRead();
            var piece = _rest[..Math.Min(PieceBytes, _rest.Length)];
            _rest = _rest[piece.Length..];
            return piece;
        }

        public void Dispose() => Interlocked.Decrement(ref store._openBackups);
    }

    private uint HashOf(long through)
    {
        var hash = 0U;
        foreach (var (key, versions) in _keys)
        {
            var kept = versions.FindLast(version => version.Revision <= _compacted);
            foreach (var version in versions.Where(version => version.Revision <= through && (version.Revision > _compacted || version == kept)))
            {
                hash = Crc32C.Append(Crc32C.Append(hash, key), BitConverter.GetBytes(version.Revision));
                hash = Crc32C.Append(hash, version.Item is { } item ? item.Value.Span : default);
            }
        }

        return hash;
    }
}
