// The faces of the etcd v3 API: gRPC, and JSON under /v3/. Both are one table of methods (EtcdTable) and one set of handlers
// (Services/), which ask the contract and nothing else:
//
//   EtcdFace          which face a request is for, before REST sees it
//     GrpcEndpoint    path → method; status in trailers          GrpcCall   framed messages
//     JsonEndpoint    path → method; status as HTTP              JsonCall   JSON texts
//       EtcdMethod    reads the request, asks its handler, writes the answer
//         KeyCalls, LeaseCalls, …   check the fields in etcd's order, ask the contract, map the answer
//
// An error is one of EtcdStatus, whose texts are etcd's; what the contract throws is mapped once (StoreFailures), all
// other exceptions too (CallFailures). The messages are made of Protos/ (namespace Wire).

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Raftd.Api.Grpc;
using Raftd.Api.Http;
using Raftd.Api.Json;

namespace Raftd.Api.Etcd;

/// <summary>Takes what is of the etcd API, and passes the rest on.</summary>
internal sealed class EtcdFace
{
    private readonly ApiServices _services;
    private readonly EtcdTable _table;
    private readonly GrpcEndpoint _grpc;
    private readonly JsonEndpoint _json;

    public EtcdFace(ApiServices services)
    {
        _services = services;
        _table = new EtcdTable(services);
        _grpc = new GrpcEndpoint(_table, services);
        _json = new JsonEndpoint(_table, services);
    }

    public Task EnterAsync(HttpContext context, RequestDelegate next)
    {
        var rawTarget = RawTarget.Of(context);
        if (JsonEndpoint.IsJson(rawTarget))
        {
            return _services.Forgeries.Find(context.Request, rawTarget) is { } forgery
                ? JsonEndpoint.RefuseAsync(context, forgery)
                : _json.InvokeAsync(context, rawTarget);
        }

        if (GrpcEndpoint.IsGrpc(context.Request))
        {
            // REST's answer to a forgery, and to what is no service's path, is as good as another.
            return _services.Forgeries.Find(context.Request, rawTarget) is null ? _grpc.InvokeAsync(context, rawTarget) : next(context);
        }

        if (HttpProtocol.IsHttp2(context.Request.Protocol) && _table.FindGrpc(rawTarget) is not null)
        {
            GrpcEndpoint.RefuseContentType(context);
            return Task.CompletedTask;
        }

        return next(context);
    }
}

internal static class EtcdMapping
{
    /// <summary>In front of REST, which would answer 404 to all of it.</summary>
    public static void MapEtcd(this WebApplication app)
    {
        var face = app.Services.GetRequiredService<EtcdFace>();
        app.Use(next => context => face.EnterAsync(context, next));
    }
}
