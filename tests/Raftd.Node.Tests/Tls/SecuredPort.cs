using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Raftd.Node.Tests.Tls;

/// <summary>A Kestrel on loopback behind what is tested. It answers each request with the protocol, and counts them.</summary>
internal sealed class SecuredPort : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;
    private int _requests;

    private SecuredPort(Action<ListenOptions> secure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, secure));
        _app = builder.Build();
        _app.Run(context =>
        {
            Interlocked.Increment(ref _requests);
            return context.Response.WriteAsync(context.Request.Protocol);
        });
    }

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>That reached HTTP.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public Uri Url(string scheme) => new($"{scheme}://localhost:{Port}/");

    public static async Task<SecuredPort> StartAsync(Action<ListenOptions> secure)
    {
        var port = new SecuredPort(secure);
        await port._app.StartAsync();
        return port;
    }

    /// <summary>A connection that says nothing yet.</summary>
    public async Task<NetworkStream> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port);
        return new NetworkStream(socket, ownsSocket: true) { ReadTimeout = (int)Patience.TotalMilliseconds };
    }

    /// <summary>Waits until the server has closed it or cut it off.</summary>
    public static async Task EndAsync(Stream connection)
    {
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            while (await connection.ReadAsync(new byte[1024], limit.Token) > 0)
            {
            }
        }
        catch (IOException)
        {
            // Cut off.
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
