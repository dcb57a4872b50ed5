// The REST face. Its routes are Minimal API endpoints; what the framework does with decoded text, it does itself with bytes:
//
//   RestMiddleware.EnterAsync   Host and Origin; the raw path takes the place of the decoded one, pinned (RouteTable)
//   routing                     finds the endpoint by path and method, and ends there (ShortCircuit)
//     RestEndpoint              binds the key and the query from the raw target, redirects, makes error answers
//       KeyApi, LeaseApi, …     check, ask the contract, write
//   RestMiddleware.PassOnAsync  what routing did not end: /openapi/v1.json, /swagger, 404
//
// The framework's model binding is not used: it takes keys from decoded paths, and a key is bytes. All else that it asks of
// endpoints is their metadata: the document at /openapi/v1.json is made of that.

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Rest.Docs;
using Raftd.Api.Rest.Lists;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Txns;
using Raftd.Api.Rest.Watches;

namespace Raftd.Api.Rest;

internal static class RestFace
{
    public static void AddRest(this IServiceCollection services) => services.AddApiDocument();

    public static void MapRest(this WebApplication app)
    {
        var services = app.Services.GetRequiredService<ApiServices>();
        var errors = new RestErrors(services);
        var table = MapEndpoints(app, services, errors);
        var middleware = new RestMiddleware(table, errors, services);
        app.Use(next => context => middleware.EnterAsync(context, next));

        // Named here, or the builder would put routing first, where the path is not pinned yet.
        app.UseRouting();
        app.Use(next => context => middleware.PassOnAsync(context, next));
        app.MapApiDocument();
    }

    private static RouteTable MapEndpoints(WebApplication app, ApiServices services, RestErrors errors)
    {
        var rest = app.MapGroup("");
        rest.ShortCircuit();
        rest.Refuses(
            StatusCodes.Status403Forbidden, "a Host that is not in -allowed-hosts, or an Origin that is not this member");
        MapRoutes(rest, services);
        var table = RouteTable.Complete(rest);
        ((IEndpointConventionBuilder)rest).Finally(
            endpoint => RestEndpoint.Complete((RouteEndpointBuilder)endpoint, table, errors, services));
        return table;
    }

    private static void MapRoutes(IEndpointRouteBuilder rest, ApiServices services)
    {
        new KeyApi(services).Map(rest);
        ListApi.Map(rest);
        KeyChangeApi.Map(rest);
        HistoryApi.Map(rest);
        new TxnApi(services).Map(rest);
        new WatchApi(services).Map(rest);
        new LeasedKeysApi(services).Map(rest);
        LeaseApi.Map(rest);
        new ClusterApi(services.Options.Scheme).Map(rest);
        CompactApi.Map(rest);
        AlarmsApi.Map(rest);
        new SnapshotApi(services).Map(rest);
        new BucketApi(services).Map(rest);
        HealthApi.Map(rest);
        new IndexApi(services.Options.Scheme).Map(rest);
    }
}
