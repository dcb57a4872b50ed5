using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Raftd.Cluster.Tests.Support;

/// <summary>What a server has answered to one call.</summary>
/// <param name="Code">Of gRPC; 0 for success.</param>
/// <param name="Message">Of a failure.</param>
/// <param name="Response">Null for a failure.</param>
internal sealed record GrpcAnswer(int Code, string Message, IMessage? Response);

/// <summary>A server of the etcd API, asked by hand on one connection: no client library corrects what it answers.</summary>
internal sealed class GrpcPeer : IDisposable
{
    private const string Grpc = "application/grpc";

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);

    public GrpcPeer(string address)
        : this(address, new SocketsHttpHandler())
    {
    }

    /// <param name="address">Host and port.</param>
    /// <param name="handler">Its connection; disposed of with this.</param>
    public GrpcPeer(string address, SocketsHttpHandler handler) => Http = new HttpClient(handler)
    {
        BaseAddress = new Uri($"http://{address}"),
        DefaultRequestVersion = HttpVersion.Version20,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public HttpClient Http { get; }

    /// <param name="path">The method's.</param>
    /// <param name="request">All that is sent.</param>
    /// <param name="answers">Reads the one answer.</param>
    /// <param name="limit">Half a minute if nothing is said.</param>
    /// <exception cref="OperationCanceledException">There was no answer within the limit.</exception>
    public async Task<GrpcAnswer> CallAsync(string path, IMessage request, MessageParser answers, TimeSpan? limit = null)
    {
        using var timer = new CancellationTokenSource(limit ?? CallLimit);
        using var message = Post(path, new ByteArrayContent(Frame(request)));
        using var response = await Http.SendAsync(message, timer.Token);
        var body = await response.Content.ReadAsByteArrayAsync(timer.Token);
        var (code, text) = EndOf(response);
        return new GrpcAnswer(code, text, code == 0 ? answers.ParseFrom(body.AsSpan(5)) : null);
    }

    public void Dispose() => Http.Dispose();

    public static HttpRequestMessage Post(string path, HttpContent content)
    {
        content.Headers.ContentType = new MediaTypeHeaderValue(Grpc);
        var message = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = content,
        };
        message.Headers.TE.ParseAdd("trailers");
        return message;
    }

    /// <summary>The code and the message of a call that has been read to its end.</summary>
    public static (int Code, string Message) EndOf(HttpResponseMessage response)
    {
        var ends = response.TrailingHeaders.Contains("grpc-status") ? response.TrailingHeaders : response.Headers;
        var code = int.Parse(ends.GetValues("grpc-status").Single(), CultureInfo.InvariantCulture);
        return (code, ends.TryGetValues("grpc-message", out var values) ? Uri.UnescapeDataString(values.Single()) : "");
    }

    public static byte[] Frame(IMessage message)
    {
        var bytes = message.ToByteArray();
        var frame = new byte[5 + bytes.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame, 5);
        return frame;
    }
}
