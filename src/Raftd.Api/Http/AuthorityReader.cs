// Requests whose :authority is a URL.
//
// A client of etcd that was given http://127.0.0.1:2379 asks some calls of that one endpoint on a connection of its own (Status,
// Defragment, HashKV), and Go's grpc then sends the URL as :authority. etcd takes that. Kestrel resets the stream, before any
// code of ours sees the request, and there is no switch. So the scheme is taken off on the way in:
//
//   1. The frames of the connection are looked at, by their headers; HEADERS frames are held back until they are whole.
//   2. The first HEADERS frame decides. A client sends the same :authority with each request of a connection, and where it is no
//      URL, all further bytes pass as they are.
//   3. Where it is one, each HEADERS frame in which it is written out is given on with a shorter value (AuthorityField).
//
// Bytes are not copied but for HEADERS frames, and those only as long as 2 has not decided otherwise.

using System.Buffers;
using System.IO.Pipelines;

namespace Raftd.Api.Http;

/// <summary>What a client sends over HTTP/2, from the preface on.</summary>
internal sealed class AuthorityReader(PipeReader client) : PipeReader
{
    private const int Headers = 1;
    private const int PrefaceBytes = 24;

    // Kestrel's own limit of a frame. It ends the connection for a longer one, which is given on as it is.
    private const int MaxFrameBytes = 16 * 1024;

    private bool _isOver; // nothing is looked at any more
    private bool _hasUrl;
    private long _passed = PrefaceBytes; // from the first byte that is not consumed: these may be given on
    private ReadOnlyMemory<byte> _shortened; // a frame that is given on in the place of one that the client sent
    private ReadOnlySequence<byte> _given;

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        while (_shortened.IsEmpty)
        {
            var arrived = await client.ReadAsync(cancellationToken);
            if (TryLook(arrived, out var result))
            {
                return result;
            }
        }

        return GiveShortened();
    }

    public override bool TryRead(out ReadResult result)
    {
        while (_shortened.IsEmpty)
        {
            if (!client.TryRead(out var arrived))
            {
                result = default;
                return false;
            }

            if (TryLook(arrived, out result))
            {
                return true;
            }
        }

        result = GiveShortened();
        return true;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_isOver)
        {
            client.AdvanceTo(consumed, examined);
            return;
        }

        var length = _given.Slice(0, consumed).Length;
        if (_shortened.IsEmpty)
        {
            _passed -= length;
            client.AdvanceTo(consumed, examined);
        }
        else
        {
            _shortened = _shortened[(int)length..];
        }
    }

    public override void CancelPendingRead() => client.CancelPendingRead();

    public override void Complete(Exception? exception = null) => client.Complete(exception);

    private ReadResult GiveShortened()
    {
        _given = new ReadOnlySequence<byte>(_shortened);
        return new ReadResult(_given, isCanceled: false, isCompleted: false);
    }

    /// <returns>False where more bytes must come first, or a shortened frame is there instead.</returns>
    private bool TryLook(ReadResult arrived, out ReadResult result)
    {
        var buffer = arrived.Buffer;
        result = arrived;
        if (_isOver || Look(buffer))
        {
            return true;
        }

        if (!_shortened.IsEmpty)
        {
            return false;
        }

        var ready = Math.Min(_passed, buffer.Length);
        if (ready == 0 && !arrived.IsCompleted && !arrived.IsCanceled)
        {
            client.AdvanceTo(buffer.Start, buffer.End);
            return false;
        }

        // What is left of a frame that will never be whole is Kestrel's to judge.
        _isOver = ready == 0 && arrived.IsCompleted;
        _given = buffer.Slice(0, ready);
        result = _isOver ? arrived : new ReadResult(_given, arrived.IsCanceled, arrived.IsCompleted && ready == buffer.Length);
        return true;
    }

    /// <summary>Goes from frame to frame, as far as they are there.</summary>
    /// <returns>Whether nothing is to be looked at from here on.</returns>
    private bool Look(ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[AuthorityField.FrameHeaderBytes];
        while (_passed + header.Length <= buffer.Length)
        {
            var rest = buffer.Slice(_passed);
            rest.Slice(0, header.Length).CopyTo(header);
            var length = header.Length + ((header[0] << 16) | (header[1] << 8) | header[2]);
            if (header[3] != Headers || length > header.Length + MaxFrameBytes)
            {
                _passed += length;
                continue;
            }

            if (rest.Length < length)
            {
                return false;
            }

            var shortened = AuthorityField.WithoutScheme(rest.Slice(0, length).ToArray());
            _hasUrl |= shortened is not null;
            if (!_hasUrl)
            {
                return _isOver = true;
            }

            if (shortened is null)
            {
                _passed += length;
                continue;
            }

            if (_passed == 0)
            {
                client.AdvanceTo(rest.GetPosition(length));
                _shortened = shortened;
            }

            return false; // what stands before it is given on first
        }

        return false;
    }
}
