using System.Buffers.Binary;

namespace Raftd.Node.Peers;

/// <summary>Cuts a stream of bytes into frames.</summary>
/// <remarks>
/// Reads into a buffer of its own rather than examining the server's: HTTP/2 opens its window as bytes are taken, so a
/// frame larger than the window would never arrive if it had to lie whole in the server's buffer first.
/// </remarks>
internal sealed class FrameReader(Stream stream)
{
    private const int InitialBufferBytes = 64 << 10;

    private byte[] _buffer = new byte[InitialBufferBytes];
    private int _start;
    private int _end;

    /// <summary>The kind of the frame that ReadAsync returned last.</summary>
    public FrameKind Kind { get; private set; }

    /// <returns>The payload, valid until the next call; null at the end of the stream.</returns>
    /// <exception cref="InvalidDataException">The peer sends what no member sends.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(PeerFrame.HeaderBytes, cancellationToken))
        {
            return _end == _start ? null : throw new InvalidDataException("the stream ends inside a frame");
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(_buffer.AsSpan(_start));
        Kind = (FrameKind)_buffer[_start + 4];
        if (length is < 0 or > PeerFrame.MaxPayloadBytes)
        {
            throw new InvalidDataException($"a frame says it is {length} bytes long, the limit is {PeerFrame.MaxPayloadBytes}");
        }

        _start += PeerFrame.HeaderBytes;
        if (!await FillAsync(length, cancellationToken))
        {
            throw new InvalidDataException($"the stream ends inside a frame of {length} bytes");
        }

        var payload = _buffer.AsMemory(_start, length);
        _start += length;
        return payload;
    }

    /// <summary>Gives what was read beyond the last frame, then the rest of the stream, as they come.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadRawAsync(CancellationToken cancellationToken)
    {
        if (_start == _end)
        {
            _start = 0;
            _end = await stream.ReadAsync(_buffer, cancellationToken);
        }

        var bytes = _buffer.AsMemory(_start, _end - _start);
        _start = _end;
        return bytes;
    }

    /// <summary>Makes the buffer hold at least <paramref name="count"/> unread bytes; false if the stream ends before.</summary>
    private async ValueTask<bool> FillAsync(int count, CancellationToken cancellationToken)
    {
        while (_end - _start < count)
        {
            MakeRoom(count);
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (read == 0)
            {
                return false;
            }

            _end += read;
        }

        return true;
    }

    /// <summary>Leaves free space behind the unread bytes.</summary>
    /// <remarks>The buffer grows with what has arrived, never to what a header merely promises (failure 31).</remarks>
    private void MakeRoom(int count)
    {
        var unread = _end - _start;
        if (unread == 0 && _buffer.Length > InitialBufferBytes && count <= InitialBufferBytes)
        {
            _buffer = new byte[InitialBufferBytes];
        }
        else if (_start + count > _buffer.Length)
        {
            var target = unread < _buffer.Length ? _buffer : new byte[Math.Min(count, 2 * _buffer.Length)];
            Buffer.BlockCopy(_buffer, _start, target, 0, unread);
            _buffer = target;
        }
        else
        {
            return;
        }

        _start = 0;
        _end = unread;
    }
}
