namespace Raftd.Wal;

/// <summary>An open file, read and written by position; no cursor, so threads share it without a lock.</summary>
public interface IFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills as much of <paramref name="destination"/> as the file has; less only at the end of the file.</summary>
    int Read(long offset, Span<byte> destination);

    /// <summary>Writes all of <paramref name="data"/> or throws; after a throw any part of it may have been written.</summary>
    void Write(long offset, ReadOnlySpan<byte> data);

    /// <summary>Makes the file <paramref name="length"/> bytes of zeros that cost no allocation when written later.</summary>
    /// <remarks>For a file that is new or empty. Not durable before <see cref="Sync"/>. A full disk is noticed here.</remarks>
    void Preallocate(long length);

    void SetLength(long length);

    /// <summary>fdatasync: the data, and the size if it changed. A failure is final, see <see cref="StorageIoException"/>.</summary>
    void SyncData();

    /// <summary>fsync: the data and all metadata.</summary>
    void Sync();
}
