using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Raftd.Api.Tests;

/// <summary>An answer as it came over the socket.</summary>
internal sealed record RawAnswer(int Status, string Head, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) => Head
        .Split("\r\n")
        .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
        .Select(line => line[(name.Length + 1)..].Trim())
        .FirstOrDefault();
}

/// <summary>HTTP/1.1 by hand: sends exactly the bytes given, which no client library would.</summary>
internal sealed class RawHttp : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(2);

    private readonly TcpClient _client = new();
    private readonly Stream _stream;

    private readonly Uri _server;

    private RawHttp(Uri server, SslClientAuthenticationOptions? tls)
    {
        _server = server;
        _client.NoDelay = true;
        _client.Connect(server.Host, server.Port);
        _stream = _client.GetStream();
        _stream.ReadTimeout = (int)Patience.TotalMilliseconds;
        if (tls is not null)
        {
            var secured = new SslStream(_stream);
            secured.AuthenticateAsClient(tls);
            _stream = secured;
        }
    }

    /// <param name="host">The server.</param>
    /// <param name="tls">The host's own if nothing is said.</param>
    public static RawHttp Connect(IApiHost host, SslClientAuthenticationOptions? tls = null) => new(host.BaseUrl, tls ?? host.Tls);

    /// <summary>One request on a connection of its own, or over HTTP/2 where the host is asked so.</summary>
    public static RawAnswer Send(IApiHost host, string method, string target, string headers = "", byte[]? body = null)
    {
        if (host.Http2 is { } client)
        {
            return OverHttp2.Send(client, host.BaseUrl, method, target, headers, body);
        }

        using var connection = Connect(host);

        // A stream of events is never late with a read: its comments come, and it does not end.
        using var limit = new CancellationTokenSource(AnswerLimit);
        using var cut = limit.Token.Register(connection._client.Close);
        connection.SendRequest(method, target, headers, body);
        return connection.ReadAnswer(method == "HEAD");
    }

    public void SendRequest(string method, string target, string headers = "", byte[]? body = null)
    {
        var length = body is null ? "" : $"Content-Length: {body.Length}\r\n";
        SendText($"{method} {target} HTTP/1.1\r\nHost: {_server.Authority}\r\n{length}{headers}\r\n");
        if (body is not null)
        {
            _stream.Write(body);
        }
    }

    public void SendText(string text) => _stream.Write(Encoding.Latin1.GetBytes(text));

    public void SendBytes(byte[] bytes) => _stream.Write(bytes);

    public void EndSending() => _client.Client.Shutdown(SocketShutdown.Send);

    public RawAnswer ReadAnswer(bool isHead = false)
    {
        var head = ReadHead();
        var status = int.Parse(head.Split(' ')[1]);
        var answer = new RawAnswer(status, head, []);
        var hasBody = !isHead && status is not (100 or 204 or 304);
        return answer with { Body = hasBody ? ReadBody(answer) : [] };
    }

    /// <summary>True when the server has closed the connection; false when it sent more.</summary>
    public bool IsClosed()
    {
        try
        {
            return _stream.ReadByte() < 0;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>How many bytes came until the server closed or reset the connection.</summary>
    public long ReadToTheEnd()
    {
        var buffer = new byte[64 * 1024];
        var total = 0L;
        try
        {
            for (int read; (read = _stream.Read(buffer)) > 0; total += read)
            {
            }
        }
        catch (IOException)
        {
            // Reset.
        }

        return total;
    }

    /// <summary>The rest of what came, as it came, until the server closed the connection.</summary>
    public string ReadTextToTheEnd()
    {
        using var text = new MemoryStream();
        _stream.CopyTo(text);
        return Encoding.UTF8.GetString(text.ToArray());
    }

    public void ReadByte() => Assert.True(_stream.ReadByte() >= 0, "the server closed the connection");

    public void Dispose() => _client.Dispose();

    private string ReadHead()
    {
        var head = new StringBuilder();
        while (!EndsWithBlankLine(head))
        {
            var next = _stream.ReadByte();
            Assert.True(next >= 0, $"the server closed the connection after: {head}");
            head.Append((char)next);
        }

        return head.ToString();
    }

    private static bool EndsWithBlankLine(StringBuilder head) =>
        head.Length >= 4 && head[^4] == '\r' && head[^3] == '\n' && head[^2] == '\r' && head[^1] == '\n';

    private byte[] ReadBody(RawAnswer answer)
    {
        if (answer.Header("Transfer-Encoding") == "chunked")
        {
            return ReadChunks();
        }

        var body = new byte[int.Parse(answer.Header("Content-Length") ?? "0")];
        _stream.ReadExactly(body);
        return body;
    }

    private byte[] ReadChunks()
    {
        var body = new List<byte>();
        while (true)
        {
            var size = Convert.ToInt32(ReadLine(), 16);
            var chunk = new byte[size];
            _stream.ReadExactly(chunk);
            body.AddRange(chunk);
            ReadLine();
            if (size == 0)
            {
                return [.. body];
            }
        }
    }

    private string ReadLine()
    {
        var line = new StringBuilder();
        while (line.Length < 2 || line[^1] != '\n')
        {
            var next = _stream.ReadByte();
            Assert.True(next >= 0, $"the server closed the connection within a line: {line}");
            line.Append((char)next);
        }

        return line.ToString().TrimEnd();
    }
}
