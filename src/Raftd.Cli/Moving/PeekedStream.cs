namespace Raftd.Cli.Moving;

/// <summary>A stream whose beginning was looked at.</summary>
internal sealed class PeekedStream(Stream from) : Stream
{
    private const int PeekBytes = 4096;

    private readonly byte[] _peeked = new byte[PeekBytes];
    private int _at;
    private int _end;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <returns>The first byte that is no blank; 0 where there is none in what came first.</returns>
    public async ValueTask<byte> PeekAsync(CancellationToken stop)
    {
        _end = await from.ReadAsync(_peeked, stop);
        var blanks = _peeked.AsSpan(0, _end).IndexOfAnyExcept(" \t\r\n"u8);
        return blanks < 0 ? (byte)0 : _peeked[blanks];
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == _end)
        {
            return await from.ReadAsync(buffer, cancellationToken);
        }

        var count = Math.Min(buffer.Length, _end - _at);
        _peeked.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
