using System.Diagnostics;
using System.Net;
using System.Net.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Api.Rest.Routing;
using Raftd.Contract;
using Raftd.Tls;

namespace Raftd.Api.Tests;

/// <summary>Kestrel on a free loopback port, the API as the executable puts it together, the store in memory.</summary>
public class InMemoryHost : IApiHost, IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly WebApplication _app;

    public InMemoryHost()
        : this(new ApiOptions(), TimeProvider.System)
    {
    }

    /// <param name="options">Of the API.</param>
    /// <param name="clock">The system's if nothing is said.</param>
    /// <param name="replace">Puts other services in the place of the store's.</param>
    /// <param name="tls">The port's certificate; clear text if nothing is said.</param>
    internal InMemoryHost(
        ApiOptions options, TimeProvider? clock = null, Action<IServiceCollection>? replace = null, TlsIdentity? tls = null)
    {
        Store = new InMemoryStore(clock ?? TimeProvider.System);
        Cluster = new InMemoryCluster(Store);
        Buckets = new InMemoryBuckets(Cluster);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(server =>
        {
            RaftdApi.ConfigureKestrel(server, options);
            server.Listen(IPAddress.Loopback, 0, listen => Secure(listen, tls));
        });
        builder.Services.AddSingleton<IKeyValueService>(Store);
        builder.Services.AddSingleton<IWatchService>(Store);
        builder.Services.AddSingleton<ILeaseService>(Store);
        builder.Services.AddSingleton<IClusterService>(Cluster);
        builder.Services.AddSingleton<IGroupService>(Cluster);
        builder.Services.AddSingleton<IMaintenanceService>(Store);
        builder.Services.AddSingleton<IListService>(Store);
        builder.Services.AddSingleton<IBucketService>(Buckets);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        replace?.Invoke(builder.Services);
        builder.Services.AddRaftdApi(options);
        _app = builder.Build();
        _app.MapRaftdApi();
    }

    public Uri BaseUrl => new(_app.Urls.Single());

    public HttpClient? Http2 { get; internal set; }

    public SslClientAuthenticationOptions? Tls { get; internal set; }

    internal InMemoryStore Store { get; }

    internal InMemoryCluster Cluster { get; }

    internal InMemoryBuckets Buckets { get; }

    internal ApiServices Services => _app.Services.GetRequiredService<ApiServices>();

    internal IEnumerable<RestRoute> Routes =>
        _app.Services.GetRequiredService<EndpointDataSource>().Endpoints.SelectMany(endpoint => endpoint.Metadata.OfType<RestRoute>());

    internal static async Task<InMemoryHost> StartAsync(
        ApiOptions options, TimeProvider? clock = null, Action<IServiceCollection>? replace = null, TlsIdentity? tls = null)
    {
        var host = new InMemoryHost(options, clock, replace, tls);
        await host.InitializeAsync();
        return host;
    }

    /// <summary>The budgets are whole again. A request gives its part back when it ends, which its client may learn a moment
    /// before.</summary>
    internal Task AllBodiesAreReleasedAsync() => EventuallyAsync(
        () => (Services.SmallBodies.UsedBytes, Services.LargeBodies.UsedBytes), (0L, 0L), "bytes of bodies counted");

    internal Task AllAnswersAreReleasedAsync() =>
        EventuallyAsync(() => (Services.Answers.UsedBytes, Services.Keyspaces.Default.Values.ReaderCount), (0L, 0), "bytes of answers counted, readers");

    /// <summary>What other threads bring about.</summary>
    internal static async Task EventuallyAsync<T>(Func<T> actual, T expected, string what)
        where T : IEquatable<T>
    {
        var started = Stopwatch.GetTimestamp();
        for (var value = actual(); !value.Equals(expected); value = actual())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, $"{what}: {value}, not {expected}");
            await Task.Delay(1);
        }
    }

    /// <summary>As the executable does.</summary>
    private static void Secure(ListenOptions listen, TlsIdentity? tls)
    {
        if (tls is not null)
        {
            new TlsPort(tls, "clients", NullLogger.Instance, TimeProvider.System).Use(listen);
        }
        else
        {
            listen.UseClearTextHttp2();
        }
    }

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    /// <summary>As the executable stops: open requests may end.</summary>
    internal Task StopAsync() => _app.StopAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
