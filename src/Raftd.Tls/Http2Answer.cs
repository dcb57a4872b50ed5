// One answer over HTTP/2, by hand, to a connection that must not reach the server's own HTTP/2.
//
//   client: preface, SETTINGS, ..., HEADERS of its first request, ...
//   here:   SETTINGS (none), SETTINGS acknowledged, HEADERS, DATA, RST_STREAM, GOAWAY
//
// The last two say NO_ERROR: a client that is still sending the body stops, and takes the answer for one (RFC 9113, 8.1).
// The answer must name the stream of a request, so the frames are skipped up to the first HEADERS. Of them only length,
// type and stream are read (RFC 9113, 4.1); what they hold is not.
//
//   frame: length 3 bytes | type 1 | flags 1 | stream 4, all big-endian | payload

using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;

namespace Raftd.Tls;

internal static class Http2Answer
{
    private const int PrefaceBytes = 24;
    private const int FrameHeaderBytes = 9;

    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte ResetStream = 3;
    private const byte Settings = 4;
    private const byte GoAway = 7;

    private const byte Acknowledged = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;
    private const byte NoError = 0;
    private const int InadequateSecurity = 12;

    /// <param name="connection">Nothing of it was read but what was put back.</param>
    /// <param name="status">Three digits.</param>
    /// <param name="body">JSON.</param>
    /// <param name="cancellationToken">Ends the wait for a request.</param>
    public static async Task SendAsync(IDuplexPipe connection, int status, byte[] body, CancellationToken cancellationToken)
    {
        Write(connection.Output, Settings, flags: 0, stream: 0, []);
        await connection.Output.FlushAsync(cancellationToken);
        var stream = await FirstRequestAsync(connection.Input, cancellationToken);
        Write(connection.Output, Settings, Acknowledged, stream: 0, []);
        if (stream != 0)
        {
            Write(connection.Output, Headers, EndHeaders, stream, HeaderBlock(status));
            Write(connection.Output, Data, EndStream, stream, body);
            Write(connection.Output, ResetStream, flags: 0, stream, [0, 0, 0, NoError]);
        }

        Span<byte> end = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(end, stream);
        BinaryPrimitives.WriteInt32BigEndian(end[4..], stream != 0 ? NoError : InadequateSecurity);
        Write(connection.Output, GoAway, flags: 0, stream: 0, end);
        await connection.Output.FlushAsync(cancellationToken);
    }

    /// <returns>The stream of the first request; 0 if the connection ended without one.</returns>
    private static async ValueTask<int> FirstRequestAsync(PipeReader input, CancellationToken cancellationToken)
    {
        long skipped = PrefaceBytes;
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            var stream = FindRequest(ref rest, ref skipped);
            input.AdvanceTo(rest.Start, stream is null ? rest.End : rest.Start);
            if (stream is { } found)
            {
                return found;
            }

            if (read.IsCompleted)
            {
                return 0;
            }
        }
    }

    /// <param name="rest">What has arrived; on return what the next call needs again.</param>
    /// <param name="skip">Bytes to pass over before the next frame.</param>
    private static int? FindRequest(ref ReadOnlySequence<byte> rest, ref long skip)
    {
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        while (true)
        {
            var passed = Math.Min(skip, rest.Length);
            rest = rest.Slice(passed);
            skip -= passed;
            if (rest.Length < FrameHeaderBytes)
            {
                return null;
            }

            rest.Slice(0, FrameHeaderBytes).CopyTo(header);
            if (header[3] == Headers)
            {
                return BinaryPrimitives.ReadInt32BigEndian(header[5..]) & int.MaxValue;
            }

            skip = FrameHeaderBytes + (BinaryPrimitives.ReadUInt32BigEndian(header) >> 8);
        }
    }

    /// <summary>Two fields as literals with names of the static table (RFC 7541, 6.2.2): :status is its 8th, content-type its
    /// 31st.</summary>
    private static byte[] HeaderBlock(int status) =>
    [
        0x08, 3, .. Encoding.ASCII.GetBytes(status.ToString(CultureInfo.InvariantCulture)),
        0x0F, 31 - 15, 16, .. "application/json"u8,
    ];

    private static void Write(PipeWriter output, byte type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = stackalloc byte[FrameHeaderBytes];
        BinaryPrimitives.WriteInt32BigEndian(header, payload.Length << 8);
        header[3] = type;
        header[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        output.Write(header);
        output.Write(payload);
    }
}
