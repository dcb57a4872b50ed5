using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Raftd.Api.Tests.Contract;
using Raftd.Contract;

namespace Raftd.Api.Tests.Behaviours;

/// <summary>The faces over a member of the product that leads a cluster of its own.</summary>
public class OneMember : IAsyncLifetime
{
    private readonly LoneMember _member = new();
    private readonly Http2Way? _way;

    public OneMember()
    {
    }

    private protected OneMember(Http2Way way) => _way = way;

    internal InMemoryHost Host { get; private set; } = null!;

    public IReadOnlyList<IApiHost> Members => [Host];

    public async ValueTask InitializeAsync()
    {
        await _member.InitializeAsync();
        var http2 = _way?.Connect();
        Host = await InMemoryHost.StartAsync(new ApiOptions(), replace: AskTheMember, tls: _way?.Identity);
        Host.Http2 = http2;
        Host.Tls = _way?.Trust;
    }

    public async ValueTask DisposeAsync()
    {
        Host.Http2?.Dispose();
        await Host.DisposeAsync();
        await _member.DisposeAsync();
        _way?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void AskTheMember(IServiceCollection services)
    {
        services.AddSingleton(_member.Node.KeyValues);
        services.AddSingleton(_member.Node.Leases);
        services.AddSingleton(_member.Node.Watches);
        services.AddSingleton(_member.Node.Cluster);
        services.AddSingleton(_member.Node.Group);
        services.AddSingleton(_member.Node.Maintenance);
        services.AddSingleton(_member.Node.Lists);
        services.RemoveAll<IBucketService>();
    }
}

/// <summary>Asked over HTTP/2 in clear text.</summary>
public sealed class OneMemberOverClearHttp2() : OneMember(new Http2Way(hasTls: false));

/// <summary>Asked over HTTP/2 with TLS.</summary>
public sealed class OneMemberOverSecuredHttp2() : OneMember(new Http2Way(hasTls: true));
