using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/lease/… and /leases, but for /lease/kv (LeasedKeysApi).</summary>
internal static class LeaseApi
{
    private const string NoSuchLease = "no such lease, or it has expired";

    private static readonly ApiParameter IdParameter =
        new(ParameterPlace.Path, "id", "the number that grant answered", Docs.ExampleLease.Placeholder, Required: true);

    public static void Map(IEndpointRouteBuilder rest)
    {
        var leases = rest.MapGroup("").WithTags("Leases").WithTraits(RouteTraits.NeedsLeader | RouteTraits.HasRevision);
        DescribeGrant(leases.MapPost("/lease/grant", GrantAsync));
        DescribeKeepAlive(leases.MapPost("/lease/keepalive/{id}", WithId(KeepAliveAsync)));
        DescribeTimeToLive(leases.MapGet("/lease/timetolive/{id}", WithId(TimeToLiveAsync)));
        DescribeTimeToLive(leases.MapPost("/lease/timetolive/{id}", WithId(TimeToLiveAsync)));
        leases.MapGet("/leases", ListAsync)
            .WithSummary("All leases by name")
            .WithParameters(new ApiParameter(ParameterPlace.Query, "prefix", "the lease's name starts with this"))
            .AnswersJson(200, "the leases", typeof(LeaseListView));
        DescribeRevoke(leases.MapPost("/lease/revoke/{id}", WithId(RevokeAsync)));
        DescribeRevoke(leases.MapDelete("/lease/{id}", WithId(RevokeAsync)));
    }

    private static void DescribeGrant(RouteHandlerBuilder grant) => grant
        .WithSummary("Grant a lease")
        .WithParameters(
            new(ParameterPlace.Query, "ttl", $"seconds, {Bounds.MinLeaseTtlSeconds} to {Bounds.MaxLeaseTtlSeconds}", "600", Required: true),
            new(ParameterPlace.Query, "name", $"1 to {Bounds.MaxLeaseNameBytes} bytes", "/esq/node-1", Required: true),
            new(ParameterPlace.Query, "id", "the id to use, above 0; 409 if a lease has it. Drawn if not given"),
            new(ParameterPlace.Query, "unique", "1: refuse if a live lease has the name"))
        .Answers(200, "the id, a bare number", ContentTypes.Text)
        .Refuses(409, "a live lease has the name, or the id");

    private static void DescribeKeepAlive(RouteHandlerBuilder keepAlive) => keepAlive
        .WithSummary("Renew a lease, renew one of its keys, or set one")
        .WithDescription(
            "Without fields it renews the lease and all its keys; with `key` alone that key; with `key` and `data` it sets "
            + "the key. A form, multipart, or `?key=` with the body as the data, of any type.")
        .WithParameters(
            IdParameter,
            new(ParameterPlace.Form, "key", "the key's own name; not `meta`", "nodeinfo"),
            new(ParameterPlace.Form, "data", "its value", """{"http_addr":"127.0.0.1:9001","node_id":1}"""))
        .AnswersJson(200, "renewed", typeof(KeepAliveView))
        .Refuses(404, NoSuchLease)
        .Refuses(409, "the lease has as many keys as it may");

    private static void DescribeTimeToLive(RouteHandlerBuilder timeToLive) => timeToLive
        .WithSummary("A lease and its keys, with the seconds they have left")
        .WithParameters(IdParameter)
        .AnswersJson(200, "the lease", typeof(TimeToLiveView))
        .Refuses(404, NoSuchLease);

    private static void DescribeRevoke(RouteHandlerBuilder revoke) => revoke
        .WithSummary("End a lease and delete its keys")
        .WithParameters(IdParameter)
        .Answers(200, "revoked")
        .Refuses(404, NoSuchLease);

    private static RestHandler WithId(Func<RestCall, long, ValueTask> handler) => call => handler(call, Id(call));

    private static async ValueTask GrantAsync(RestCall call)
    {
        var ttl = call.Query.Number("ttl", Bounds.MinLeaseTtlSeconds, Bounds.MaxLeaseTtlSeconds)
            ?? ApiException.BadRequest<long>("`ttl` is missing", $"give it in seconds, {Bounds.MinLeaseTtlSeconds} to {Bounds.MaxLeaseTtlSeconds}");
        var name = call.Query.Text("name");
        if (name is null || Encoding.UTF8.GetByteCount(name) is 0 or > Bounds.MaxLeaseNameBytes)
        {
            ApiException.BadRequest("`name` is missing, empty or too long", $"a name has 1 to {Bounds.MaxLeaseNameBytes} bytes");
        }

        var id = call.Query.Number("id", 1, long.MaxValue) ?? 0;
        var answer = await call.Keyspace.Leases.GrantAsync(
            call.Caller,
            new LeaseGrantRequest { Name = name, TtlSeconds = ttl, Id = id, Unique = call.Query.Flag("unique") },
            CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteTextAsync(RestCall.Format(answer.Id));
    }

    private static async ValueTask KeepAliveAsync(RestCall call, long id)
    {
        using var form = await LeaseForm.ReadAsync(call, bodyIsDataWith: "key");
        var fields = form.Fields;
        var hasKey = fields.TryGet("key", out var key);
        var hasData = fields.TryGet("data", out var data);
        if (hasData && !hasKey)
        {
            ApiException.BadRequest("`data` without `key`", "name the key that the data is for");
        }

        if (hasKey && (key.Length == 0 || key.Length > call.Services.Options.MaxKeyBytes))
        {
            ApiException.BadRequest($"`key` has {key.Length} bytes", $"1 to {call.Services.Options.MaxKeyBytes}");
        }

        // Cast, because a bare null would become empty memory by way of a null array.
        var request = new LeaseKeepAliveRequest
        {
            Id = id,
            Key = hasKey ? key : (ReadOnlyMemory<byte>?)null,
            Data = hasData ? data : (ReadOnlyMemory<byte>?)null,
        };
        var answer = await call.Keyspace.Leases.KeepAliveAsync(call.Caller, request, CancellationToken.None);
        call.SetRevision(answer.Revision);
        var view = new KeepAliveView(RestCall.Format(answer.Id), answer.TtlSeconds);
        await call.WriteJsonAsync(view, ApiJson.Instance.KeepAliveView);
    }

    private static async ValueTask RevokeAsync(RestCall call, long id)
    {
        var answer = await call.Keyspace.Leases.RevokeAsync(call.Caller, id, CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask TimeToLiveAsync(RestCall call, long id)
    {
        var answer = await call.Keyspace.Leases.TimeToLiveAsync(call.Caller, id, CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteJsonAsync(TimeToLiveView.Of(answer), ApiJson.Instance.TimeToLiveView);
    }

    private static async ValueTask ListAsync(RestCall call)
    {
        var answer = await call.Keyspace.Leases.LeasesAsync(call.Caller, call.Query.Text("prefix") ?? "", CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteJsonAsync(LeaseListView.Of(answer), ApiJson.Instance.LeaseListView);
    }

    private static long Id(RestCall call)
    {
        var text = call.ParameterText();
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id > 0
            ? id
            : ApiException.BadRequest<long>($"`{text}` is no lease id", "an id is the number that /lease/grant answered");
    }
}
