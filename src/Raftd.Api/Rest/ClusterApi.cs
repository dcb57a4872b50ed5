using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/join, /members, /leader/transfer and /status.</summary>
internal sealed class ClusterApi(string scheme)
{
    private const int MaxJoinBodyBytes = 16 * 1024;

    private const string JoinHint = """post {"id":"node02","httpAddr":"host:port","raftAddr":"host:port"}""";

    private const string NoSuchMember = "no such member";

    private static readonly ApiParameter MemberParameter = new(
        ParameterPlace.Path, "id", "the member's number or its label", Docs.ExampleMember.Placeholder, Required: true);

    public void Map(IEndpointRouteBuilder rest)
    {
        var cluster = rest.MapGroup("").WithTags("Cluster");
        cluster.MapGet("/status", StatusAsync)
            .WithSummary("What this member knows of itself")
            .AnswersJson(200, "the status", typeof(StatusView));
        cluster.MapGet("/members", MembersAsync)
            .WithSummary("The members")
            .WithTraits(RouteTraits.NeedsLeader)
            .WithParameters(CommonParameters.Level)
            .AnswersJson(200, "the members, by label", typeof(MemberListView));
        var group = cluster.MapGroup("").WithTraits(RouteTraits.OfServer);
        DescribeJoin(group.MapPost("/join", JoinAsync));
        group.MapPost("/members/{id}/promote", WithMember(PromoteAsync))
            .WithSummary("Give a learner its vote")
            .WithTraits(RouteTraits.NeedsLeader)
            .WithParameters(MemberParameter)
            .Answers(200, "it votes")
            .Refuses(404, NoSuchMember)
            .Refuses(409, "it votes already or has not caught up");
        group.MapDelete("/members/{id}", WithMember(RemoveAsync))
            .WithSummary("Remove a member for good")
            .WithTraits(RouteTraits.NeedsLeader)
            .WithParameters(MemberParameter)
            .Answers(200, "removed")
            .Refuses(404, NoSuchMember);
        cluster.MapPost("/leader/transfer", TransferAsync)
            .WithSummary("Hand leadership over")
            .WithTraits(RouteTraits.NeedsLeader)
            .WithParameters(
                new ApiParameter(ParameterPlace.Query, "to", "a member's number or label; without it the one most up to date"))
            .AnswersJson(200, "who leads now", typeof(LeaderView))
            .Refuses(404, NoSuchMember);
    }

    private static void DescribeJoin(RouteHandlerBuilder join) => join
        .WithSummary("Add a member")
        .WithDescription("It becomes a learner first and votes when it has caught up. The same member again: nothing done.")
        .WithTraits(RouteTraits.NeedsLeader)
        .WithBody(ContentTypes.Json, """{"id":"node02","httpAddr":"127.0.0.1:8002","raftAddr":"127.0.0.1:8102"}""")
        .AnswersJson(200, "joined", typeof(JoinView))
        .Refuses(
            409,
            "known with another directory, or at other addresses where the request has no instance; or its build does "
            + "not know the cluster's feature level");

    private static RestHandler WithMember(Func<RestCall, ulong, ValueTask> handler) =>
        async call => await handler(call, await MemberIdAsync(call, call.ParameterText()));

    private static ValueTask StatusAsync(RestCall call) =>
        call.WriteJsonAsync(
            StatusView.Of(call.Keyspace.Cluster.Status(), call.Keyspace.Group.GroupStatus(), call.Keyspace.Cluster.Limits),
            ApiJson.Instance.StatusView);

    private async ValueTask MembersAsync(RestCall call)
    {
        var answer = await call.Keyspace.Cluster.MembersAsync(call.Caller, call.Level(), CancellationToken.None);
        await call.WriteJsonAsync(MemberListView.Of(answer, scheme), ApiJson.Instance.MemberListView);
    }

    private async ValueTask JoinAsync(RestCall call)
    {
        var request = await JoinRequestAsync(call);
        var answer = await call.Keyspace.Group.JoinAsync(call.Caller, request, CancellationToken.None);
        await call.WriteJsonAsync(JoinView.Of(answer, scheme), ApiJson.Instance.JoinView);
    }

    /// <remarks>Who adds a member by hand does not say which feature level it knows. It is taken in as one that knows the
    /// cluster's: if it does not, no member serves it, and it stays a learner without a log.</remarks>
    private static async ValueTask<JoinRequest> JoinRequestAsync(RestCall call)
    {
        using var bytes = await call.ReadBodyAsync(MaxJoinBodyBytes, "fixed for /join");
        var body = ParseJoin(bytes.Bytes.Span);
        if (body.Generator is { } generator && !Bounds.Generator.Holds(generator))
        {
            ApiException.BadRequest($"`generator` {body.Generator} is not within {Bounds.Generator.Least} and {Bounds.Generator.Most}");
        }

        var request = new JoinRequest
        {
            Label = Required("id", body.Id),
            HttpAddress = Required("httpAddr", body.HttpAddr),
            PeerAddress = Required("raftAddr", body.RaftAddr),
            Instance = body.Instance,
            Generator = body.Generator,
            FeatureLevel = body.FeatureLevel ?? call.Keyspace.Cluster.Status().FeatureLevel,
        };
        return request.Problem() is { } problem ? ApiException.BadRequest<JoinRequest>(problem, JoinHint) : request;
    }

    /// <summary>Names it does not know pass: a newer member may say more about itself than this one understands.</summary>
    private static JoinBody ParseJoin(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, ApiJson.Instance.JoinBody)
                ?? ApiException.BadRequest<JoinBody>("the body is null", JoinHint);
        }
        catch (JsonException failure)
        {
            return ApiException.BadRequest<JoinBody>($"the body is not the JSON of a join, at `{failure.Path}`", JoinHint);
        }
    }

    private static string Required(string name, string? value) =>
        string.IsNullOrEmpty(value) ? ApiException.BadRequest<string>($"`{name}` is missing") : value;

    private static async ValueTask RemoveAsync(RestCall call, ulong id)
    {
        await call.Keyspace.Group.RemoveMemberAsync(call.Caller, id, CancellationToken.None);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask PromoteAsync(RestCall call, ulong id)
    {
        await call.Keyspace.Group.PromoteMemberAsync(call.Caller, id, CancellationToken.None);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask TransferAsync(RestCall call)
    {
        var to = call.Query.Text("to") is { } text ? await MemberIdAsync(call, text) : 0;
        var leader = await call.Keyspace.Cluster.TransferLeadershipAsync(call.Caller, to, CancellationToken.None);
        await call.WriteJsonAsync(new LeaderView(MemberView.Format(leader)), ApiJson.Instance.LeaderView);
    }

    /// <summary>A member by its number, else by its label: a label may be a number too, and the number is the surer name.</summary>
    private static async ValueTask<ulong> MemberIdAsync(RestCall call, string idOrLabel)
    {
        var members = (await call.Keyspace.Cluster.MembersAsync(call.Caller, ReadLevel.Linearizable, CancellationToken.None)).Members;
        if (ulong.TryParse(idOrLabel, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
            && members.Any(member => member.Id == id))
        {
            return id;
        }

        var labelled = members.Where(member => member.Label == idOrLabel).ToArray();
        return labelled.Length switch
        {
            1 => labelled[0].Id,
            0 => throw new ApiException(ApiError.NotFound($"there is no member `{idOrLabel}`", "GET /members lists them")),
            _ => ApiException.BadRequest<ulong>($"{labelled.Length} members are labelled `{idOrLabel}`", "use the number"),
        };
    }
}
