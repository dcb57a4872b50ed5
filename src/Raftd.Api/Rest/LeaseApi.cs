using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/lease/… and /leases, but for /lease/kv (LeasedKeysApi).</summary>
internal static class LeaseApi
{
    private static readonly ApiParameter IdParameter =
        new(ParameterPlace.Path, "id", "the number that grant answered", Docs.ExampleLease.Placeholder, Required: true);

    private static readonly ApiAnswer NoSuchLease =
        new(404, "no such lease, or it has expired", ContentTypes.Json, typeof(ErrorView));

    public static IEnumerable<RestRoute> Routes =>
    [
        new(HttpMethods.Post, "/lease/grant", GrantAsync)
        {
            Tag = "Leases",
            Summary = "Grant a lease",
            NeedsLeader = true,
            HasRevision = true,
            Parameters =
            [
                new(ParameterPlace.Query, "ttl", "seconds, 1 to 9000000000", "600", Required: true),
                new(ParameterPlace.Query, "name", "1 to 1024 bytes", "/esq/node-1", Required: true),
                new(ParameterPlace.Query, "unique", "1: refuse if a live lease has the name"),
            ],
            Answers =
            [
                new(200, "the id, a bare number", ContentTypes.Text),
                new(409, "a live lease has the name", ContentTypes.Json, typeof(ErrorView)),
            ],
        },
        new(HttpMethods.Post, "/lease/keepalive/{id}", KeepAliveAsync)
        {
            Tag = "Leases",
            Summary = "Renew a lease, renew one of its keys, or set one",
            Description = "Without fields it renews the lease and all its keys; with `key` alone that key; with `key` and "
                + "`data` it sets the key. A form, multipart, or `?key=` with the body as the data, whatever its type.",
            NeedsLeader = true,
            HasRevision = true,
            Parameters = [IdParameter],
            FormFields =
            [
                new(ParameterPlace.Form, "key", "the key's own name; not `meta`", "nodeinfo"),
                new(ParameterPlace.Form, "data", "its value", """{"http_addr":"127.0.0.1:9001","node_id":1}"""),
            ],
            Answers = [new(200, "renewed", ContentTypes.Json, typeof(KeepAliveView)), NoSuchLease],
        },
        TimeToLiveRoute(HttpMethods.Get),
        TimeToLiveRoute(HttpMethods.Post),
        new(HttpMethods.Get, "/leases", ListAsync)
        {
            Tag = "Leases",
            Summary = "All leases by name",
            NeedsLeader = true,
            HasRevision = true,
            Parameters = [new(ParameterPlace.Query, "prefix", "the lease's name starts with this")],
            Answers = [new(200, "the leases", ContentTypes.Json, typeof(LeaseListView))],
        },
        RevokeRoute(HttpMethods.Post, "/lease/revoke/{id}"),
        RevokeRoute(HttpMethods.Delete, "/lease/{id}"),
    ];

    private static RestRoute TimeToLiveRoute(string method) => new(method, "/lease/timetolive/{id}", TimeToLiveAsync)
    {
        Tag = "Leases",
        Summary = "A lease and its keys, with the seconds they have left",
        NeedsLeader = true,
        HasRevision = true,
        Parameters = [IdParameter],
        Answers = [new(200, "the lease", ContentTypes.Json, typeof(TimeToLiveView)), NoSuchLease],
    };

    private static RestRoute RevokeRoute(string method, string template) => new(method, template, RevokeAsync)
    {
        Tag = "Leases",
        Summary = "End a lease and delete its keys",
        NeedsLeader = true,
        HasRevision = true,
        Parameters = [IdParameter],
        Answers = [new(200, "revoked"), NoSuchLease],
    };

    private static async ValueTask GrantAsync(RestCall call)
    {
        var ttl = call.Query.Number("ttl", Bounds.MinLeaseTtlSeconds, Bounds.MaxLeaseTtlSeconds)
            ?? ApiException.BadRequest<long>("`ttl` is missing", $"give it in seconds, {Bounds.MinLeaseTtlSeconds} to {Bounds.MaxLeaseTtlSeconds}");
        var name = call.Query.Text("name");
        if (name is null || Encoding.UTF8.GetByteCount(name) is 0 or > Bounds.MaxLeaseNameBytes)
        {
            ApiException.BadRequest("`name` is missing, empty or too long", $"a name has 1 to {Bounds.MaxLeaseNameBytes} bytes");
        }

        var answer = await call.Services.Leases.GrantAsync(
            new LeaseGrantRequest { Name = name, TtlSeconds = ttl, Unique = call.Query.Flag("unique") },
            CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteTextAsync(RestCall.Format(answer.Id));
    }

    private static async ValueTask KeepAliveAsync(RestCall call)
    {
        var id = Id(call);
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
        var answer = await call.Services.Leases.KeepAliveAsync(request, CancellationToken.None);
        call.SetRevision(answer.Revision);
        var view = new KeepAliveView(RestCall.Format(answer.Id), answer.TtlSeconds);
        await call.WriteJsonAsync(view, ApiJson.Instance.KeepAliveView);
    }

    private static async ValueTask RevokeAsync(RestCall call)
    {
        var answer = await call.Services.Leases.RevokeAsync(Id(call), CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask TimeToLiveAsync(RestCall call)
    {
        var answer = await call.Services.Leases.TimeToLiveAsync(Id(call), CancellationToken.None);
        call.SetRevision(answer.Revision);
        await call.WriteJsonAsync(TimeToLiveView.Of(answer), ApiJson.Instance.TimeToLiveView);
    }

    private static async ValueTask ListAsync(RestCall call)
    {
        var answer = await call.Services.Leases.LeasesAsync(call.Query.Text("prefix") ?? "", CancellationToken.None);
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
