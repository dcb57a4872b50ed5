using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Raftd.Api.Etcd;

namespace Raftd.Cli.Moving;

/// <summary>Calls of gRPC as requests of HTTP/2: frames of a byte of flags, four of length, and the message.</summary>
internal static class GrpcFrames
{
    /// <summary>Bytes of the largest message that is read; a server that sends a larger one is asked for less at a time.</summary>
    private const int MaxMessageBytes = 128 << 20;

    private const int HeadBytes = 5;
    private const int LengthAt = 1;

    public static HttpRequestMessage RequestTo(Uri server, string method, HttpContent body, string? token)
    {
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, method))
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.ParseAdd("trailers");
        if (token is not null)
        {
            request.Headers.Add("token", token);
        }

        return request;
    }

    public static byte[] Of(IMessage message)
    {
        var frame = new byte[HeadBytes + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(LengthAt), frame.Length - HeadBytes);
        message.WriteTo(frame.AsSpan(HeadBytes));
        return frame;
    }

    /// <returns>Null behind the last message.</returns>
    /// <exception cref="GrpcFailure">The message is too large.</exception>
    public static async ValueTask<T?> ReadAsync<T>(Stream body, MessageParser<T> parser, CancellationToken stop)
        where T : class, IMessage<T>
    {
        var head = new byte[HeadBytes];
        var got = await body.ReadAtLeastAsync(head, HeadBytes, throwOnEndOfStream: false, stop);
        if (got == 0)
        {
            return null;
        }

        if (got < HeadBytes)
        {
            throw new EndOfStreamException("the answer ends within a message");
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(head.AsSpan(LengthAt));
        if (length > MaxMessageBytes)
        {
            throw new GrpcFailure(GrpcCode.ResourceExhausted, $"an answer of {length} bytes is too large");
        }

        var message = new byte[length];
        await body.ReadExactlyAsync(message, stop);
        return parser.ParseFrom(message);
    }

    /// <exception cref="GrpcFailure">The call, which was read to its end, ended otherwise than with success.</exception>
    public static void RequireSuccess(HttpResponseMessage answer)
    {
        var ends = answer.TrailingHeaders.Contains("grpc-status") ? answer.TrailingHeaders : answer.Headers;
        if (!ends.TryGetValues("grpc-status", out var codes))
        {
            throw new HttpRequestException($"HTTP status {(int)answer.StatusCode}, which is no answer of gRPC", null, answer.StatusCode);
        }

        var code = int.Parse(codes.First(), CultureInfo.InvariantCulture);
        if (code != 0)
        {
            throw new GrpcFailure((GrpcCode)code, ends.TryGetValues("grpc-message", out var texts) ? Uri.UnescapeDataString(texts.First()) : $"status {code}");
        }
    }
}
