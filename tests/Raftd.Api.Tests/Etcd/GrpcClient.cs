using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Raftd.Api.Etcd;
using Raftd.Testing.Http;

namespace Raftd.Api.Tests.Etcd;

/// <summary>gRPC by hand, over HTTP/2 in clear text: sends what no client library would.</summary>
internal sealed class GrpcClient(Uri server) : IDisposable
{
    public const string Range = "etcdserverpb.KV/Range";
    public const string Put = "etcdserverpb.KV/Put";
    public const string Watch = "etcdserverpb.Watch/Watch";
    public const string KeepAlive = "etcdserverpb.Lease/LeaseKeepAlive";

    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = server,
        Timeout = Patience,
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public static GrpcClient Of(IApiHost host) => new(host.BaseUrl);

    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray());

    public static byte[] Frame(byte[] message, byte flag = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    /// <summary>One message there, all messages back.</summary>
    public Task<GrpcAnswer<T>> CallAsync<T>(string path, IMessage request, params (string Name, string Value)[] headers)
        where T : class, IMessage, new() => SendAsync<T>(path, new ByteArrayContent(Frame(request)), headers);

    public async Task<GrpcAnswer<T>> SendAsync<T>(string path, HttpContent body, params (string Name, string Value)[] headers)
        where T : class, IMessage, new()
    {
        using var response = await SendAsync(path, body, headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/grpc", response.Content.Headers.ContentType?.ToString());
        using var content = await response.Content.ReadAsStreamAsync();
        var messages = new List<T>();
        while (await ReadAsync<T>(content) is { } message)
        {
            messages.Add(message);
        }

        var (code, text) = StatusOf(response);
        return new GrpcAnswer<T>(code, text, messages);
    }

    /// <summary>As soon as the headers are there.</summary>
    public async Task<HttpResponseMessage> SendAsync(string path, HttpContent body, params (string Name, string Value)[] headers)
    {
        var request = RequestTo(path, body, headers);
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>A call in which both sides talk.</summary>
    public GrpcStream<T> Open<T>(string path, params (string Name, string Value)[] headers)
        where T : class, IMessage, new()
    {
        var body = new StreamedBody();
        var request = RequestTo(path, body, headers);
        return new GrpcStream<T>(_http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead), body);
    }

    public static (GrpcCode Code, string Message) StatusOf(HttpResponseMessage response)
    {
        var headers = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var code = (GrpcCode)int.Parse(headers.GetValues("grpc-status").Single());
        var message = headers.TryGetValues("grpc-message", out var values) ? Uri.UnescapeDataString(string.Join(",", values)) : "";
        return (code, message);
    }

    public static async Task<T?> ReadAsync<T>(Stream content)
        where T : class, IMessage, new()
    {
        var head = new byte[5];
        var read = await content.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false);
        if (read == 0)
        {
            return null;
        }

        Assert.Equal(head.Length, read);
        Assert.Equal(0, head[0]);
        var bytes = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
        await content.ReadExactlyAsync(bytes);
        var message = new T();
        message.MergeFrom(bytes);
        return message;
    }

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage RequestTo(string path, HttpContent body, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = body,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        body.Headers.ContentType ??= new MediaTypeHeaderValue("application/grpc");
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        return request;
    }
}
