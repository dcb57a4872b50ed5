using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Raftd.Api.Http;
using Raftd.Contract;

namespace Raftd.Api.Tests;

/// <summary>Kestrel on a free loopback port, the API as the executable puts it together, the store in memory.</summary>
public sealed class InMemoryHost : IApiHost, IAsyncLifetime
{
    private readonly WebApplication _app;

    public InMemoryHost()
        : this(new ApiOptions(), TimeProvider.System)
    {
    }

    internal InMemoryHost(ApiOptions options, TimeProvider? clock = null)
    {
        Store = new InMemoryStore(clock ?? TimeProvider.System);
        Cluster = new InMemoryCluster(Store);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(server => RaftdApi.ConfigureKestrel(server, options));
        builder.Services.AddSingleton<IKeyValueService>(Store);
        builder.Services.AddSingleton<ILeaseService>(Store);
        builder.Services.AddSingleton<IClusterService>(Cluster);
        builder.Services.AddRaftdApi(options);
        _app = builder.Build();
        _app.MapRaftdApi();
    }

    public Uri BaseUrl => new(_app.Urls.Single());

    internal InMemoryStore Store { get; }

    internal InMemoryCluster Cluster { get; }

    private BodyBudget Bodies => _app.Services.GetRequiredService<ApiServices>().Bodies;

    internal static async Task<InMemoryHost> StartAsync(ApiOptions options, TimeProvider? clock = null)
    {
        var host = new InMemoryHost(options, clock);
        await host.InitializeAsync();
        return host;
    }

    /// <summary>The budget is whole again. A request gives its part back when it ends, which its client may learn a moment
    /// before.</summary>
    internal async Task NoBodyIsInFlightAsync()
    {
        var deadline = Stopwatch.GetTimestamp() + (10 * Stopwatch.Frequency);
        while (Bodies.UsedBytes != 0)
        {
            Assert.True(Stopwatch.GetTimestamp() < deadline, $"{Bodies.UsedBytes} bytes of bodies are still counted");
            await Task.Delay(1);
        }
    }

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
