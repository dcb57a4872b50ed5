namespace Raftd.Wal;

/// <summary>Reads a file forward in large blocks; a span it gives is valid until the next call.</summary>
internal sealed class FileWindow(IFile file, long end)
{
    public const int BlockBytes = 1 << 20;

    private byte[] _buffer = [];
    private long _start;
    private int _length;

    /// <summary>Nothing is read from here on.</summary>
    public long End { get; } = end;

    /// <summary>The bytes [offset, offset + count); the caller keeps within <see cref="End"/>.</summary>
    public ReadOnlySpan<byte> At(long offset, int count)
    {
        if (offset < _start || offset + count > _start + _length)
        {
            Load(offset, count);
        }

        return _buffer.AsSpan((int)(offset - _start), count);
    }

    private void Load(long offset, int count)
    {
        var wanted = (int)Math.Min(Math.Max(count, BlockBytes), End - offset);
        if (_buffer.Length < wanted)
        {
            _buffer = new byte[wanted];
        }

        _length = file.Read(offset, _buffer.AsSpan(0, wanted));
        _start = offset;
        if (_length < count)
        {
            // The length was checked at open, so the file has shrunk since.
            throw new StorageIoException("read", $"segment at {offset}", Errno.Io);
        }
    }
}
