namespace Raftd.Cli.Moving;

/// <summary>Lines of bytes. The memory is that of the longest line.</summary>
/// <param name="from">Where they come from.</param>
/// <param name="silence">How long it may send nothing; without end if not given.</param>
internal sealed class LineReader(Stream from, TimeSpan? silence = null)
{
    /// <summary>A value of 60 MiB of control characters, each escaped in six letters, and more.</summary>
    private const int MaxLineBytes = 512 << 20;

    private byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;

    /// <returns>A line with its end, which the last one may lack; valid until the next call. Null behind the last one.</returns>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken stop)
    {
        var looked = 0;
        while (true)
        {
            var at = _buffer.AsSpan((_start + looked).._end).IndexOf((byte)'\n');
            if (at >= 0)
            {
                return Take(looked + at + 1);
            }

            looked = _end - _start;
            MakeRoom();
            var read = await ReadAsync(stop);
            _end += read;
            if (read == 0)
            {
                // Cast, because a bare null would become empty memory by way of a null array.
                return looked == 0 ? (ReadOnlyMemory<byte>?)null : Take(looked);
            }
        }
    }

    private async ValueTask<int> ReadAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(silence ?? Timeout.InfiniteTimeSpan);
        return await from.ReadAsync(_buffer.AsMemory(_end), limit.Token);
    }

    private ReadOnlyMemory<byte> Take(int length)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length;
        return line;
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        if (_buffer.Length >= MaxLineBytes)
        {
            throw new MoveException($"a line has more than {MaxLineBytes} bytes", "is it an export of raftd?");
        }

        Array.Resize(ref _buffer, _buffer.Length * 2);
    }
}
