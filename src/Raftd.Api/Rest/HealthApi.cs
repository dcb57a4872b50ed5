using System.Text;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/health, /livez, /readyz and /version, in etcd's shapes: probes and dashboards made for etcd read them.</summary>
internal static class HealthApi
{
    /// <summary>The etcd release whose API this is; clients compare it to decide what they may ask.</summary>
    private const string EtcdVersion = "3.6.0";

    private static readonly ApiParameter Verbose =
        new(ParameterPlace.Query, "verbose", "every check with its outcome");

    public static IEnumerable<RestRoute> Routes =>
    [
        new(HttpMethods.Get, "/health", HealthAsync)
        {
            Tag = "Operations",
            Summary = "May clients be sent here? (etcd's JSON)",
            Parameters = [Verbose],
            Answers =
            [
                new(200, "healthy", ContentTypes.Json, typeof(HealthView)),
                new(503, "not healthy, with the reason", ContentTypes.Json, typeof(HealthView)),
            ],
        },
        ProbeRoute("/livez", "Does the process work?", LivezAsync),
        ProbeRoute("/readyz", "May clients be sent here?", ReadyzAsync),
        new(HttpMethods.Get, "/version", VersionAsync)
        {
            Tag = "Operations",
            Summary = "Versions",
            Answers = [new(200, "the versions", ContentTypes.Json, typeof(VersionView))],
        },
    ];

    private static RestRoute ProbeRoute(string path, string summary, Func<RestCall, ValueTask> handler) =>
        new(HttpMethods.Get, path, handler)
        {
            Tag = "Operations",
            Summary = summary,
            Parameters = [Verbose],
            Answers =
            [
                new(200, "`ok`; with verbose a line `[+]name ok` for each check", ContentTypes.Text),
                new(503, "the checks, `[-]name failed: reason` among them", ContentTypes.Text),
            ],
        };

    private static async ValueTask HealthAsync(RestCall call)
    {
        var verbose = call.Query.Flag("verbose");
        var checks = await call.Services.Cluster.ReadinessAsync(call.ClientGone);
        var reason = string.Join("; ", checks.Where(check => !check.Passed).Select(check => $"{check.Name}: {check.Failure}"));
        var view = new HealthView(
            reason.Length == 0 ? "true" : "false",
            reason,
            verbose ? [.. checks.Select(check => new HealthCheckView(check.Name, check.Passed, check.Failure))] : null);
        await call.WriteJsonAsync(view, ApiJson.Instance.HealthView, StatusOf(healthy: reason.Length == 0));
    }

    private static async ValueTask LivezAsync(RestCall call) =>
        await AnswerProbeAsync(call, await call.Services.Cluster.LivenessAsync(call.ClientGone));

    private static async ValueTask ReadyzAsync(RestCall call) =>
        await AnswerProbeAsync(call, await call.Services.Cluster.ReadinessAsync(call.ClientGone));

    /// <summary>A failure is always told in full: its reader needs the reason.</summary>
    private static ValueTask AnswerProbeAsync(RestCall call, IReadOnlyList<HealthCheck> checks)
    {
        var verbose = call.Query.Flag("verbose");
        var healthy = checks.All(check => check.Passed);
        var text = new StringBuilder();
        if (verbose || !healthy)
        {
            foreach (var check in checks)
            {
                text.Append(check.Passed ? $"[+]{check.Name} ok\n" : $"[-]{check.Name} failed: {check.Failure}\n");
            }
        }

        text.Append(healthy ? "ok\n" : $"{call.Route.Template[1..]} check failed\n");
        return call.WriteTextAsync(text.ToString(), status: StatusOf(healthy));
    }

    private static int StatusOf(bool healthy) =>
        healthy ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;

    private static ValueTask VersionAsync(RestCall call)
    {
        var view = new VersionView(EtcdVersion, EtcdVersion, EtcdVersion, call.Services.Cluster.Status().Version);
        return call.WriteJsonAsync(view, ApiJson.Instance.VersionView);
    }
}
