using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Tests.Contract;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>The faces over a member of the product that leads a cluster of its own.</summary>
public sealed class OneMember : IAsyncLifetime
{
    private readonly LoneMember _member = new();

    internal InMemoryHost Host { get; private set; } = null!;

    public IReadOnlyList<IApiHost> Members => [Host];

    public async ValueTask InitializeAsync()
    {
        await _member.InitializeAsync();
        Host = await InMemoryHost.StartAsync(new ApiOptions(), replace: services =>
        {
            services.AddSingleton(_member.Node.KeyValues);
            services.AddSingleton(_member.Node.Leases);
            services.AddSingleton(_member.Node.Watches);
            services.AddSingleton(_member.Node.Cluster);
            services.AddSingleton(_member.Node.Group);
            services.AddSingleton(_member.Node.Maintenance);
            services.AddSingleton(_member.Node.Lists);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        await _member.DisposeAsync();
    }
}
