using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Etcd;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/health, /livez, /readyz and /version, in etcd's shapes: probes and dashboards made for etcd read them.</summary>
internal static class HealthApi
{
    private static readonly ApiParameter Verbose =
        new(ParameterPlace.Query, "verbose", "every check with its outcome");

    public static void Map(IEndpointRouteBuilder rest)
    {
        var operations = rest.MapGroup("").WithTags("Operations").WithTraits(RouteTraits.OfServer);
        operations.MapGet("/health", HealthAsync)
            .WithSummary("May clients be sent here? (etcd's JSON)")
            .WithParameters(Verbose)
            .AnswersJson(200, "healthy", typeof(HealthView))
            .AnswersJson(503, "not healthy, with the reason", typeof(HealthView));
        DescribeProbe(operations.MapGet("/livez", LivezAsync)).WithSummary("Does the process work?");
        DescribeProbe(operations.MapGet("/readyz", ReadyzAsync)).WithSummary("May clients be sent here?");
        operations.MapGet("/version", VersionAsync)
            .WithSummary("Versions")
            .AnswersJson(200, "the versions", typeof(VersionView));
    }

    private static RouteHandlerBuilder DescribeProbe(RouteHandlerBuilder probe) => probe
        .WithParameters(Verbose)
        .Answers(200, "`ok`; with verbose a line `[+]name ok` for each check", ContentTypes.Text)
        .Answers(503, "the checks, `[-]name failed: reason` among them", ContentTypes.Text);

    private static async ValueTask HealthAsync(RestCall call)
    {
        var verbose = call.Query.Flag("verbose");
        var checks = await call.Keyspace.Cluster.ReadinessAsync(call.ClientGone);
        var reason = string.Join("; ", checks.Where(check => !check.Passed).Select(check => $"{check.Name}: {check.Failure}"));
        var view = new HealthView(
            reason.Length == 0 ? "true" : "false",
            reason,
            verbose ? [.. checks.Select(check => new HealthCheckView(check.Name, check.Passed, check.Failure))] : null);
        await call.WriteJsonAsync(view, ApiJson.Instance.HealthView, StatusOf(healthy: reason.Length == 0));
    }

    private static async ValueTask LivezAsync(RestCall call) =>
        await AnswerProbeAsync(call, await call.Keyspace.Cluster.LivenessAsync(call.ClientGone));

    private static async ValueTask ReadyzAsync(RestCall call) =>
        await AnswerProbeAsync(call, await call.Keyspace.Cluster.ReadinessAsync(call.ClientGone));

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
        var view = new VersionView(EtcdRelease.Server, EtcdRelease.Cluster, EtcdRelease.Cluster, call.Keyspace.Cluster.Status().Version);
        return call.WriteJsonAsync(view, ApiJson.Instance.VersionView);
    }
}
