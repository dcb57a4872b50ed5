// Puts Node and Api together: one member, its client address, and its stop.

using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Raftd.Api;
using Raftd.Cli.Logging;
using Raftd.Cli.Settings;
using Raftd.Node;
using Raftd.Node.Backups;
using Raftd.Tls;

namespace Raftd.Cli;

/// <summary>Runs one member until it is asked to stop or fails.</summary>
internal static class Serve
{
    // After this time open requests are cut. A handover takes far less.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    /// <summary>Runs one member; the settings are valid.</summary>
    /// <param name="settings">What <see cref="SettingsReader"/> made of the command line; already validated.</param>
    /// <param name="log">For <see cref="ProcessEnd.Now"/>, where a thread must end the process at once.</param>
    /// <param name="loggers">Makes the loggers of every part; they all write to <paramref name="log"/>.</param>
    /// <param name="stop">Cancelled by the first SIGINT or SIGTERM: hand over, drain, sync, return.</param>
    /// <returns><see cref="ExitCode.Ok"/> after a requested stop.</returns>
    /// <exception cref="FatalException">The member cannot start or go on; carries the exit code.</exception>
    public static async Task<ExitCode> RunAsync(
        ServerSettings settings, ServerLog log, ILoggerFactory loggers, CancellationToken stop)
    {
        var logger = loggers.CreateLogger("Raftd.Cli");
        var tls = MemberTls.Open(settings, TimeProvider.System, logger);
        CliLog.Starting(logger, settings.Id, settings.HttpAddress, settings.RaftAddress, settings.DataDirectory);
        var options = OptionsOf(settings, tls, logger);
        var node = new RaftdNode(options, loggers);

        // A failed log must end the process before anything else is answered: no draining, no handover.
        _ = node.Failed.ContinueWith(
            failed => ProcessEnd.Now(Fatal.Of(failed.Result), log), TaskScheduler.Default);
        await using var app = BuildApi(settings, tls, options, node, loggers);
        try
        {
            await app.StartAsync(stop);
            await node.StartAsync(stop);
            await Task.Delay(Timeout.Infinite, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The stop was requested, perhaps before the member ran.
        }
        catch (FatalStopException failure)
        {
            throw new FatalException(Fatal.Of(failure));
        }

        await StopAsync(app, node);
        CliLog.Stopped(logger);
        return ExitCode.Ok;
    }

    /// <summary>Leadership first, so that the others go on at once; then watches, and the requests that are still open.</summary>
    private static async Task StopAsync(WebApplication app, RaftdNode node)
    {
        await node.HandOverAsync();
        node.EndWatches();
        using var limit = new CancellationTokenSource(DrainLimit);
        await app.StopAsync(limit.Token);
        await node.DisposeAsync();
    }

    private static WebApplication BuildApi(
        ServerSettings settings, MemberTls tls, NodeOptions nodeOptions, RaftdNode node, ILoggerFactory loggers)
    {
        var options = new ApiOptions
        {
            MaxValueBytes = (int)settings.MaxValueBytes,
            RedirectByDefault = settings.Redirect,
            AllowedHosts = settings.AllowedHosts,
            OwnHosts = OwnHosts(settings, nodeOptions.AdvertisedHttpAddress),
            Scheme = nodeOptions.ClientScheme,
            PeerScheme = nodeOptions.PeerTls is null ? Uri.UriSchemeHttp : Uri.UriSchemeHttps,
        };
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton(node.KeyValues);
        builder.Services.AddSingleton(node.Leases);
        builder.Services.AddSingleton(node.Watches);
        builder.Services.AddSingleton(node.Cluster);
        builder.Services.AddSingleton(node.Group);
        builder.Services.AddSingleton(node.Maintenance);
        builder.Services.AddSingleton(node.Lists);
        builder.Services.AddRaftdApi(options);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            RaftdApi.ConfigureKestrel(kestrel, options);
            kestrel.Listen(EndPointOf(settings.HttpAddress), listen => Secure(listen, tls.Clients, loggers.CreateLogger("Raftd.Cli")));
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

    private static NodeOptions OptionsOf(ServerSettings settings, MemberTls tls, ILogger logger)
    {
        var peers = settings.InitialCluster?.JoinedBy(settings.Id, settings.ClusterExists) ?? [];
        var join = peers.Count > 0 ? peers : settings.Join;
        var joined = join.Count > 0 || settings.InitialCluster is { Members.Count: > 1 } || NodeIdentity.HasJoined(settings.DataDirectory);
        var machine = Advertise.MachineAddresses();
        var http = Advertise.Resolve(settings.HttpAddress, settings.AdvertiseHttpAddress, joined, machine);
        var raft = Advertise.Resolve(settings.RaftAddress, settings.AdvertiseRaftAddress, joined, machine);
        CliLog.Advertising(logger, http, raft);
        OpenPorts.Warn(settings, join, raft, logger);
        return new NodeOptions
        {
            DataDirectory = Path.GetFullPath(settings.DataDirectory),
            Label = settings.Id,
            AdvertisedHttpAddress = http.ToString(),
            AdvertisedPeerAddress = raft.ToString(),
            PeerEndPoint = EndPointOf(settings.RaftAddress),
            Join = [.. join.Select(target => target.ToString())],
            JoinsThroughPeers = peers.Count > 0,
            PeerTls = tls.Peers,
            JoinTls = tls.Join,
            Generator = settings.Bind,
            ElectionTimeout = settings.ElectionTimeout,
            HeartbeatInterval = settings.HeartbeatInterval,
            RequestTimeLimit = settings.RequestTimeout,
            MaxValueBytes = (int)settings.MaxValueBytes,
            CacheBytes = settings.CacheBytes,
            QuotaBytes = settings.QuotaBytes,
            MaxLeaseKeys = settings.MaxLeaseKeys,
            WalSegmentBytes = settings.WalSegmentBytes,
            WalRetentionBytes = settings.WalRetentionBytes,
            MaxPinnedLogBytes = settings.MaxPinnedLogBytes,
            FlushInterval = settings.FlushInterval,
            FlushBytes = settings.FlushBytes,
            Backups = BackupsOf(settings),
            Version = VersionCommand.Number,
        };
    }

    private static BackupOptions? BackupsOf(ServerSettings settings) => settings.BackupDirectory is { } directory
        ? new BackupOptions
        {
            Directory = Path.GetFullPath(directory),
            Interval = settings.BackupInterval,
            Kept = settings.BackupsKept,
        }
        : null;

    private static IPEndPoint EndPointOf(HostPort address)
    {
        if (address.IsAny)
        {
            return new IPEndPoint(IPAddress.IPv6Any, address.Port);
        }

        if (IPAddress.TryParse(address.Host, out var ip))
        {
            return new IPEndPoint(ip, address.Port);
        }

        var resolved = Dns.GetHostAddresses(address.Host);
        return resolved.Length > 0
            ? new IPEndPoint(resolved[0], address.Port)
            : throw new FatalException(new FatalError(
                ExitCode.AddressInUse,
                string.Create(CultureInfo.InvariantCulture, $"{address.Host} has no address"),
                "listen on an address of this machine, or on all with ':port'"));
    }
}
