using Raftd.Contract;
using Raftd.Store.Snapshots;
using Raftd.Wal;

namespace Raftd.Node.Backups;

/// <summary>One backup on its way into its file: written and synced, then read back and checked as a restore would, in slices.</summary>
/// <param name="backup">Owned from here on.</param>
/// <param name="file">Empty; owned from here on.</param>
/// <param name="sliceBytes">Written, or checked, in one step; at least one piece of the backup.</param>
internal sealed class BackupCopy(IBackup backup, IFile file, int sliceBytes) : IDisposable
{
    private readonly IEnumerator<ReadOnlyMemory<byte>> _pieces = new BackupFile(backup).Read().GetEnumerator();
    private BackupReader? _check;
    private long _written;

    /// <returns>True when there is more to do. Otherwise the file is whole, durable and checked.</returns>
    /// <exception cref="StoreException">As of IBackup.Read.</exception>
    /// <exception cref="StorageIoException">The disk is full, or failed.</exception>
    /// <exception cref="BackupException">What was written is not what is read.</exception>
    public bool Step() => _check is null ? Write() : Check(_check);

    public void Dispose()
    {
        _check?.Dispose();
        _pieces.Dispose();
        file.Dispose();
        backup.Dispose();
    }

    private bool Write()
    {
        for (var end = _written + sliceBytes; _written < end;)
        {
            if (!_pieces.MoveNext())
            {
                file.Sync();
                _check = new BackupReader(new FileBytes(file));
                break;
            }

            file.Write(_written, _pieces.Current.Span);
            _written += _pieces.Current.Length;
        }

        return true;
    }

    private bool Check(BackupReader check)
    {
        for (var left = sliceBytes; left > 0;)
        {
            var chunk = check.Read();
            if (chunk.IsEmpty)
            {
                return false;
            }

            left -= chunk.Length;
        }

        return true;
    }
}
