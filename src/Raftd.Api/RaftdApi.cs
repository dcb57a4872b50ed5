// The client faces of a store. They ask only the contract: any part that answers its services can stand behind them. Each
// face has a folder; what they share (limits, errors, bodies, the host guard, the byte budgets) stands beside this file and
// in Http/.

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Raftd.Api.Etcd;
using Raftd.Api.Http;
using Raftd.Api.Rest;
using Raftd.Contract;

namespace Raftd.Api;

/// <summary>The calls that put the client faces into a WebApplication.</summary>
public static class RaftdApi
{
    /// <summary>Answers are written in pieces of this size, so that a slow reader of a large value holds no second copy of it.</summary>
    internal const int AnswerPieceBytes = 64 * 1024;

    private const int MinRequestBufferBytes = 128 * 1024;

    internal static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    /// <summary>Registers the API; the services of the contract are registered beside it, as singletons: those of the default bucket,
    /// IBucketService by an engine that has more than one, and a TimeProvider if it is not to be the system's.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves; the message names every problem.</exception>
    public static void AddRaftdApi(this IServiceCollection services, ApiOptions options)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        }

        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(DefaultBucket);
        services.TryAddSingleton<IBucketService, OneBucket>();
        services.AddSingleton<ApiServices>();
        services.AddSingleton<EtcdFace>();
        services.AddRest();
    }

    /// <summary>Adds the middleware and the endpoints. Call it before other middleware: it sees raw targets.</summary>
    public static void MapRaftdApi(this WebApplication app)
    {
        var resets = app.Services.GetRequiredService<ApiServices>().Resets;
        app.Use(next => context => HttpProtocol.IsHttp2(context.Request.Protocol) ? resets.EnterAsync(context, next) : next(context));
        app.MapEtcd();
        app.MapRest();
    }

    /// <summary>Sets the limits of the client port. Addresses and certificates are the caller's.</summary>
    public static void ConfigureKestrel(KestrelServerOptions server, ApiOptions options)
    {
        server.AddServerHeader = false;
        server.RequestHeaderEncodingSelector = AuthorityEncoding.ForHeader;
        var limits = server.Limits;

        // Bodies have their own limit for each route (RequestBody), with an answer that names it.
        limits.MaxRequestBodySize = null;
        limits.MaxRequestLineSize = options.MaxRequestLineBytes;
        limits.MaxRequestHeadersTotalSize = options.MaxRequestHeadersBytes;
        limits.MaxRequestHeaderCount = options.MaxRequestHeaderCount;

        // What a connection holds beside our budgets: requests sent ahead of their turn, and the part of an answer that is
        // under way. Kestrel's own default for the first is 1 MiB, which makes 16 GiB of all connections.
        limits.MaxRequestBufferSize = Math.Max(MinRequestBufferBytes, options.MaxRequestLineBytes + options.MaxRequestHeadersBytes);
        limits.MaxResponseBufferSize = AnswerPieceBytes;
        limits.MaxConcurrentConnections = options.MaxConnections;
        limits.KeepAliveTimeout = options.KeepAliveTimeout;
        limits.RequestHeadersTimeout = options.RequestHeadersTimeout;
        limits.MinRequestBodyDataRate = Rate(options.MinRequestBodyBytesPerSecond);
        limits.MinResponseDataRate = Rate(options.MinResponseBytesPerSecond);

        // Behind a proxy that ends TLS, clients name the scheme that they see. It is their word: what asks whether a
        // connection is encrypted asks for its ITlsConnectionFeature.
        server.AllowAlternateSchemes = true;
        ConfigureHttp2(limits.Http2, options);
    }

    /// <summary>Lets HTTP/2 in without TLS, beside HTTP/1.1 on the same port: clients of the etcd API. Not for a port with
    /// TLS, where ALPN does it.</summary>
    public static void UseClearTextHttp2(this ListenOptions port)
    {
        var limits = port.KestrelServerOptions.Limits;
        port.Use(next => new ClearTextHttp2(next, limits).OnConnectionAsync);
    }

    private static BucketServices DefaultBucket(IServiceProvider services) => new()
    {
        Name = BucketNames.Default,
        Keys = services.GetRequiredService<IKeyValueService>(),
        Leases = services.GetRequiredService<ILeaseService>(),
        Watches = services.GetRequiredService<IWatchService>(),
        Cluster = services.GetRequiredService<IClusterService>(),
        Group = services.GetRequiredService<IGroupService>(),
        Maintenance = services.GetRequiredService<IMaintenanceService>(),
        Lists = services.GetRequiredService<IListService>(),
    };

    private static void ConfigureHttp2(Http2Limits http2, ApiOptions options)
    {
        http2.MaxStreamsPerConnection = options.MaxStreamsPerConnection;
        http2.MaxRequestHeaderFieldSize = options.MaxRequestLineBytes;

        // As with MaxRequestBufferSize above, this is what a connection holds beside our budgets.
        http2.InitialStreamWindowSize = MinRequestBufferBytes;
        http2.InitialConnectionWindowSize = 2 * MinRequestBufferBytes;

        // A client that is gone without a word frees its watches after a minute.
        http2.KeepAlivePingDelay = options.PingDelay;
        http2.KeepAlivePingTimeout = options.PingTimeout;
    }

    private static MinDataRate? Rate(int bytesPerSecond) =>
        bytesPerSecond == 0 ? null : new MinDataRate(bytesPerSecond, RateGrace);
}
