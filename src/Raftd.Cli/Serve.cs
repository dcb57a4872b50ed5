// Puts an engine and the Api together: a member or a front, its client address, and its stop.

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Raftd.Api;
using Raftd.Cli.Engines;
using Raftd.Cli.Logging;
using Raftd.Cli.Settings;
using Raftd.Tls;

namespace Raftd.Cli;

/// <summary>Runs one member or front until it is asked to stop or fails.</summary>
internal static class Serve
{
    // After this time open requests are cut. A handover takes far less.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs one member or front; the settings are valid.</summary>
    /// <param name="settings">What <see cref="SettingsReader"/> made of the command line; already validated.</param>
    /// <param name="log">For <see cref="ProcessEnd.Now"/>, where a thread must end the process at once.</param>
    /// <param name="loggers">Makes the loggers of every part; they all write to <paramref name="log"/>.</param>
    /// <param name="stop">Cancelled by the first SIGINT or SIGTERM: hand over, drain, sync, return.</param>
    /// <returns><see cref="ExitCode.Ok"/> after a requested stop.</returns>
    /// <exception cref="FatalException">It cannot start or go on; carries the exit code.</exception>
    public static async Task<ExitCode> RunAsync(
        ServerSettings settings, ServerLog log, ILoggerFactory loggers, CancellationToken stop)
    {
        var logger = loggers.CreateLogger("Raftd.Cli");
        var tls = MemberTls.Open(settings, TimeProvider.System, logger);
        IEngine engine = settings.Store is { } store
            ? FrontEngine.Of(settings, store, tls, loggers, logger)
            : MemberEngine.Of(settings, tls, loggers, logger);

        // A failed log must end the process before anything else is answered: no draining, no handover.
        _ = engine.Failed.ContinueWith(failed => ProcessEnd.Now(failed.Result, log), TaskScheduler.Default);
        await using var app = BuildApi(settings, tls, engine, loggers);
        try
        {
            await app.StartAsync(stop);
            await engine.StartAsync(stop);
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The stop was requested, perhaps before the engine ran.
        }

        await StopAsync(app, engine);
        CliLog.Stopped(logger);
        return ExitCode.Ok;
    }

    /// <summary>Leadership first, so that the others go on at once; then watches, and the requests that are still open.</summary>
    private static async Task StopAsync(WebApplication app, IEngine engine)
    {
        await engine.HandOverAsync();
        engine.EndWatches();
        using var limit = new CancellationTokenSource(DrainLimit);
        await app.StopAsync(limit.Token);
        await engine.DisposeAsync();
    }

    private static WebApplication BuildApi(ServerSettings settings, MemberTls tls, IEngine engine, ILoggerFactory loggers)
    {
        var options = new ApiOptions
        {
            MaxValueBytes = (int)settings.MaxValueBytes,
            RedirectByDefault = settings.Redirect,
            AllowedHosts = settings.AllowedHosts,
            OwnHosts = OwnHosts(settings, engine.AdvertisedHttpAddress),
            Scheme = tls.ClientScheme,
            PeerScheme = tls.Peers is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps,
        };
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(engine.KeyValues);
        builder.Services.AddSingleton(engine.Leases);
        builder.Services.AddSingleton(engine.Watches);
        builder.Services.AddSingleton(engine.Cluster);
        builder.Services.AddSingleton(engine.Group);
        builder.Services.AddSingleton(engine.Maintenance);
        builder.Services.AddSingleton(engine.Lists);
        if (engine.Buckets is { } buckets)
        {
            builder.Services.AddSingleton(buckets);
        }

        builder.Services.AddRaftdApi(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            RaftdApi.ConfigureKestrel(kestrel, options);
            kestrel.Listen(EndPoints.Of(settings.HttpAddress), listen => Secure(listen, tls.Clients, loggers.CreateLogger("Raftd.Cli")));
        });
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoLifetime>();
        var app = builder.Build();
        app.MapRaftdApi();
        return app;
    }

    private static void Secure(ListenOptions listen, TlsIdentity? tls, ILogger logger)
    {
        const string Audience = "clients";
        if (tls is not null)
        {
            new TlsPort(tls, Audience, logger, TimeProvider.System).Use(listen);
        }
        else
        {
            new ClearPort(Audience, Flags.Certificate.Label, logger, TimeProvider.System).Use(listen);
            listen.UseClearTextHttp2();
        }
    }

    private static IReadOnlyList<string> OwnHosts(ServerSettings settings, string advertisedAddress) =>
    [
        .. MachineNames.OfThisMachine(),
        settings.HttpAddress.Host,
        HostPort.TryParse(advertisedAddress, out var advertised) ? advertised.Host : "",
    ];
}
