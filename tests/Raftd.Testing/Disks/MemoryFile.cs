using Raftd.Wal;

namespace Raftd.Testing.Disks;

/// <summary>A handle of <see cref="MemoryFileSystem"/>; stays usable when the name is gone, not after Dispose.</summary>
internal sealed class MemoryFile(MemoryFileSystem files, string path, MemoryNode node, bool writable) : IFile
{
    private bool _disposed;

    public MemoryNode Node => node;

    public long Length
    {
        get
        {
            lock (files.Gate)
            {
                return node.Length;
            }
        }
    }

    public int Read(long offset, Span<byte> destination)
    {
        lock (files.Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            files.Enter(FileOperationKind.Read, path, "", offset, destination.Length);
            return node.Read(offset, destination, isRotten: !files.IsPeeking);
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> data)
    {
        lock (files.Gate)
        {
            ThrowUnlessWritable();
            var errno = files.Announce(FileOperationKind.Write, path, offset, data.Length);
            if (errno != 0)
            {
                node.Write(offset, data[..(data.Length / 2)], files.NextChange());
                throw new StorageIoException("write", path, errno);
            }

            files.FailIfFull("write", path, offset + data.Length - node.Length);
            node.Write(offset, data, files.NextChange());
        }
    }

    public void Preallocate(long length) => Resize(FileOperationKind.Preallocate, length);

    public void SetLength(long length) => Resize(FileOperationKind.SetLength, length);

    public void SyncData() => Sync(FileOperationKind.SyncData);

    public void Sync() => Sync(FileOperationKind.Sync);

    public void Dispose() => _disposed = true;

    private void Resize(FileOperationKind kind, long length)
    {
        lock (files.Gate)
        {
            ThrowUnlessWritable();
            files.Enter(kind, path, "", 0, length);
            files.FailIfFull("allocate", path, length - node.Length);
            node.SetLength(length, files.NextChange());
        }
    }

    private void Sync(FileOperationKind kind)
    {
        lock (files.Gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var errno = files.Announce(kind, path, 0, 0);
            if (errno != 0)
            {
                node.LoseUnsynced();
                throw new StorageIoException("fsync", path, errno);
            }

            node.Sync();
        }
    }

    private void ThrowUnlessWritable()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        MemoryFileSystem.FailIf(!writable, "write", path, Errno.AccessDenied);
    }
}
