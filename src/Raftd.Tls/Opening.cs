using System.Buffers;
using System.IO.Pipelines;

namespace Raftd.Tls;

/// <summary>What a connection's first bytes are.</summary>
internal enum Opening
{
    /// <summary>It closed without a byte, or sent what is none of the others.</summary>
    Unknown,
    Tls,
    Http1,
    Http2,
}

/// <summary>Looks at the first bytes of a connection, and leaves them for who reads next.</summary>
internal static class OpeningReader
{
    /// <summary>The type of the record that a TLS connection begins with; no request of HTTP begins with this byte.</summary>
    private const byte HandshakeRecord = 22;

    private static ReadOnlySpan<byte> Http2Preface => "PRI "u8;

    /// <summary>Whether the connection begins as TLS does.</summary>
    public static async ValueTask<bool> IsTlsAsync(PipeReader input, CancellationToken cancellationToken)
    {
        var read = await input.ReadAsync(cancellationToken);
        var isTls = !read.Buffer.IsEmpty && read.Buffer.FirstSpan[0] == HandshakeRecord;

        // Not examined either: the next reader gets it at once.
        input.AdvanceTo(read.Buffer.Start);
        return isTls;
    }

    /// <summary>Which HTTP the connection begins with, once it is known not to be TLS.</summary>
    public static async ValueTask<Opening> ClearTextAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var opening = Classify(read.Buffer);
            var isKnown = opening is not null || read.IsCompleted;
            input.AdvanceTo(read.Buffer.Start, isKnown ? read.Buffer.Start : read.Buffer.End);
            if (isKnown)
            {
                return opening ?? Opening.Unknown;
            }
        }
    }

    /// <returns>Null while there are too few bytes to tell.</returns>
    private static Opening? Classify(in ReadOnlySequence<byte> bytes)
    {
        Span<byte> first = stackalloc byte[Http2Preface.Length];
        var count = (int)Math.Min(bytes.Length, first.Length);
        bytes.Slice(0, count).CopyTo(first);
        first = first[..count];
        if (first.IndexOfAnyExceptInRange((byte)'A', (byte)'Z') is var other and >= 0 && (other == 0 || first[other] != ' '))
        {
            return Opening.Unknown;
        }

        return count < Http2Preface.Length ? null : first.SequenceEqual(Http2Preface) ? Opening.Http2 : Opening.Http1;
    }
}
