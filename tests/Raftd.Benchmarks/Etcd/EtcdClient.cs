using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Raftd.Testing.Http;

namespace Raftd.Benchmarks.Etcd;

/// <summary>One connection to a server of the etcd API. It does little with an answer: what is measured is the server.</summary>
internal sealed class EtcdClient(string url) : IDisposable
{
    public const int HeadBytes = 5;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        InitialHttp2StreamWindowSize = 1 << 20,
    })
    {
        BaseAddress = new Uri(url),
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <summary>A message as it goes over the wire.</summary>
    public static byte[] Frame(IMessage message)
    {
        var frame = new byte[HeadBytes + message.CalculateSize()];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), frame.Length - HeadBytes);
        message.WriteTo(frame.AsSpan(HeadBytes));
        return frame;
    }

    /// <exception cref="BenchmarkException">The server did not answer with success.</exception>
    public async Task<T> CallAsync<T>(string method, IMessage request, MessageParser<T> answers)
        where T : IMessage<T>
    {
        using var response = await _http.SendAsync(RequestTo(method, new ByteArrayContent(Frame(request))));
        var body = await response.Content.ReadAsByteArrayAsync();
        RequireSuccess(method, response);
        return answers.ParseFrom(body, HeadBytes, body.Length - HeadBytes);
    }

    /// <summary>Reads an answer and looks at its length alone.</summary>
    public async Task<long> CountAsync(string method, byte[] request)
    {
        using var response = await _http.SendAsync(
            RequestTo(method, new ByteArrayContent(request)), HttpCompletionOption.ResponseHeadersRead);
        await using var content = await response.Content.ReadAsStreamAsync();
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        var bytes = 0L;
        for (int read; (read = await content.ReadAsync(buffer)) > 0;)
        {
            bytes += read;
        }

        ArrayPool<byte>.Shared.Return(buffer);
        RequireSuccess(method, response);
        return bytes;
    }

    /// <summary>A call in which both sides talk: what is written goes out at once, and the answers are read from the stream.</summary>
    public async Task<(StreamedBody Requests, Stream Answers)> OpenAsync(string method, byte[] first)
    {
        var requests = new StreamedBody();
        await requests.WriteAsync(first);
        var response = await _http.SendAsync(RequestTo(method, requests), HttpCompletionOption.ResponseHeadersRead);
        return (requests, await response.Content.ReadAsStreamAsync());
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage RequestTo(string method, HttpContent body)
    {
        body.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(method, UriKind.Relative))
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.ParseAdd("trailers");
        return request;
    }

    private static void RequireSuccess(string method, HttpResponseMessage response)
    {
        var headers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var status = headers.TryGetValues("grpc-status", out var values) ? values.Single() : $"none, HTTP {(int)response.StatusCode}";
        if (status != "0")
        {
            throw new BenchmarkException($"{method} ended with status {status}");
        }
    }
}
