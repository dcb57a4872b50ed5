using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Raftd.Conformance.Tests;

/// <summary>What a server has answered to one call.</summary>
/// <param name="Code">Of gRPC; 0 for success.</param>
/// <param name="Message">Of a failure.</param>
/// <param name="Response">Null for a failure.</param>
internal sealed record GrpcAnswer(int Code, string Message, IMessage? Response);

/// <summary>A server of the etcd API, asked by hand: no client library corrects what it answers.</summary>
internal sealed class GrpcPeer(string address) : IDisposable
{
    private readonly HttpClient _http = new()
    {
        BaseAddress = new Uri($"http://{address}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    public HttpClient Http => _http;

    public async Task<GrpcAnswer> CallAsync(string path, IMessage request, MessageParser answers)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(Frame(request)),
        };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        message.Headers.TE.ParseAdd("trailers");
        using var response = await _http.SendAsync(message);
        var body = await response.Content.ReadAsByteArrayAsync();
        var ends = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var code = int.Parse(ends.GetValues("grpc-status").Single(), CultureInfo.InvariantCulture);
        var text = ends.TryGetValues("grpc-message", out var values) ? Uri.UnescapeDataString(values.Single()) : "";
        return new GrpcAnswer(code, text, code == 0 ? answers.ParseFrom(body.AsSpan(5).ToArray()) : null);
    }

    public void Dispose() => _http.Dispose();

    public static byte[] Frame(IMessage message)
    {
        var bytes = message.ToByteArray();
        var frame = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame, 5);
        return frame;
    }
}
