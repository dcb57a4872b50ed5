using System.Buffers.Binary;

namespace Raftd.Peers;

/// <summary>Cuts a stream of bytes into frames. The pieces that arrive need not match them.</summary>
/// <remarks>
/// Bytes are copied here as they come, so that the wire can release them: HTTP/2 opens its window as bytes are taken, and a
/// frame larger than the window would never arrive if the wire had to hold all of it. The buffer grows with the bytes that
/// have come and never to a length that a header claims (failure 31 of docs/failures.md).
/// </remarks>
internal sealed class FrameParser
{
    private const int UsualBytes = 64 << 10;

    private byte[] _buffer = new byte[UsualBytes];
    private int _start;
    private int _end;

    public void Push(ReadOnlySpan<byte> bytes)
    {
        if (_buffer.Length - _end < bytes.Length)
        {
            MakeRoom(bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>The next whole frame; its payload is valid until the next Push.</summary>
    /// <exception cref="InvalidDataException">The peer sends what no member sends.</exception>
    public bool TryRead(out FrameKind kind, out ReadOnlySpan<byte> payload)
    {
        kind = default;
        payload = default;
        var unread = _buffer.AsSpan(_start, _end - _start);
        if (unread.Length < PeerFrame.HeaderBytes)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadInt32LittleEndian(unread);
        if (length is < 0 or > PeerFrame.MaxPayloadBytes)
        {
            throw new InvalidDataException($"a frame says it is {length} bytes long, the limit is {PeerFrame.MaxPayloadBytes}");
        }

        if (unread.Length - PeerFrame.HeaderBytes < length)
        {
            return false;
        }

        kind = (FrameKind)unread[4];
        payload = unread.Slice(PeerFrame.HeaderBytes, length);
        _start += PeerFrame.HeaderBytes + length;
        return true;
    }

    /// <summary>Moves the unread bytes to the front of a buffer that has room behind them: the same one, a larger one, or
    /// one of the usual size again once a huge frame is done with.</summary>
    private void MakeRoom(int count)
    {
        var unread = _end - _start;
        var needed = unread + count;
        var target = _buffer;
        if (needed > _buffer.Length)
        {
            target = new byte[Math.Max(needed, 2 * unread)];
        }
        else if (needed <= UsualBytes && _buffer.Length > UsualBytes)
        {
            target = new byte[UsualBytes];
        }

        Buffer.BlockCopy(_buffer, _start, target, 0, unread);
        _buffer = target;
        _start = 0;
        _end = unread;
    }
}
