using System.Buffers;

namespace Raftd.Peers;

/// <summary>Bytes that wait for a stream: filled by any thread, taken by the wire all at once.</summary>
/// <param name="maxBytes">Bytes that may wait. A larger frame is taken when nothing else waits, or it could never leave.</param>
internal sealed class OutputBuffer(int maxBytes)
{
    // A buffer of this size is kept between two takes; one that has grown for a huge frame is dropped.
    private const int UsualBytes = 256 << 10;

    // Guards all below. Nothing is called while it is held.
    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _filling = new();
    private ArrayBufferWriter<byte> _taken = new();
    private bool _isClosed;

    /// <returns>False, and nothing is queued, when there is no room or the stream is over.</returns>
    public bool TryWrite(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        lock (_gate)
        {
            if (_isClosed || (_filling.WrittenCount > 0 && _filling.WrittenCount + head.Length + body.Length > maxBytes))
            {
                return false;
            }

            _filling.Write(head);
            _filling.Write(body);
            return true;
        }
    }

    /// <summary>All bytes that wait; valid until the next call.</summary>
    public ReadOnlyMemory<byte> Take()
    {
        lock (_gate)
        {
            if (_filling.WrittenCount == 0)
            {
                return default;
            }

            var empty = _taken.Capacity > UsualBytes ? new ArrayBufferWriter<byte>() : _taken;
            empty.ResetWrittenCount();
            (_taken, _filling) = (_filling, empty);
            return _taken.WrittenMemory;
        }
    }

    /// <summary>The stream is over: drops the bytes that wait, and takes no more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            _filling = new ArrayBufferWriter<byte>();
        }
    }
}
