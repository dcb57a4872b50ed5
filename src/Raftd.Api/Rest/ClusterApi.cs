using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/join, /members, /leader/transfer and /status.</summary>
internal static class ClusterApi
{
    private const int MaxJoinBodyBytes = 16 * 1024;

    // A member that does not say which feature level it knows, or an operator who adds it by hand.
    private const int LevelOfTheSilent = 1;

    private const string JoinHint = """post {"id":"node02","httpAddr":"host:port","raftAddr":"host:port"}""";

    private static readonly ApiParameter MemberParameter = new(
        ParameterPlace.Path, "id", "the member's number or its label", Docs.ExampleMember.Placeholder, Required: true);

    private static readonly ApiAnswer NoSuchMember = new(404, "no such member", ContentTypes.Json, typeof(ErrorView));

    public static IEnumerable<RestRoute> Routes =>
    [
        new(HttpMethods.Get, "/status", StatusAsync)
        {
            Tag = "Cluster",
            Summary = "What this member knows of itself",
            Answers = [new(200, "the status", ContentTypes.Json, typeof(StatusView))],
        },
        new(HttpMethods.Get, "/members", MembersAsync)
        {
            Tag = "Cluster",
            Summary = "The members",
            Parameters = [CommonParameters.Level],
            NeedsLeader = true,
            Answers = [new(200, "the members, by label", ContentTypes.Json, typeof(MemberListView))],
        },
        new(HttpMethods.Post, "/join", JoinAsync)
        {
            Tag = "Cluster",
            Summary = "Add a member",
            Description = "It becomes a learner first and votes when it has caught up. The same member again: nothing done.",
            NeedsLeader = true,
            Bodies =
            [
                (ContentTypes.Json, """{"id":"node02","httpAddr":"127.0.0.1:8002","raftAddr":"127.0.0.1:8102"}"""),
            ],
            Answers =
            [
                new(200, "joined", ContentTypes.Json, typeof(JoinView)),
                new(
                    409,
                    "known with another directory, or at other addresses where the request has no instance; or its build does "
                    + "not know the cluster's feature level",
                    ContentTypes.Json,
                    typeof(ErrorView)),
            ],
        },
        new(HttpMethods.Post, "/members/{id}/promote", PromoteAsync)
        {
            Tag = "Cluster",
            Summary = "Give a learner its vote",
            Parameters = [MemberParameter],
            NeedsLeader = true,
            Answers =
            [
                new(200, "it votes"),
                NoSuchMember,
                new(409, "it votes already or has not caught up", ContentTypes.Json, typeof(ErrorView)),
            ],
        },
        new(HttpMethods.Delete, "/members/{id}", RemoveAsync)
        {
            Tag = "Cluster",
            Summary = "Remove a member for good",
            Parameters = [MemberParameter],
            NeedsLeader = true,
            Answers = [new(200, "removed"), NoSuchMember],
        },
        new(HttpMethods.Post, "/leader/transfer", TransferAsync)
        {
            Tag = "Cluster",
            Summary = "Hand leadership over",
            Parameters = [new(ParameterPlace.Query, "to", "a member's number or label; without it the one most up to date")],
            NeedsLeader = true,
            Answers = [new(200, "who leads now", ContentTypes.Json, typeof(LeaderView)), NoSuchMember],
        },
    ];

    private static ValueTask StatusAsync(RestCall call) =>
        call.WriteJsonAsync(StatusView.Of(call.Services.Cluster.Status()), ApiJson.Instance.StatusView);

    private static async ValueTask MembersAsync(RestCall call)
    {
        var answer = await call.Services.Cluster.MembersAsync(call.Level(), CancellationToken.None);
        await call.WriteJsonAsync(MemberListView.Of(answer), ApiJson.Instance.MemberListView);
    }

    private static async ValueTask JoinAsync(RestCall call)
    {
        var request = await JoinRequestAsync(call);
        var answer = await call.Services.Cluster.JoinAsync(request, CancellationToken.None);
        await call.WriteJsonAsync(JoinView.Of(answer), ApiJson.Instance.JoinView);
    }

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
            FeatureLevel = body.FeatureLevel ?? LevelOfTheSilent,
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

    private static async ValueTask RemoveAsync(RestCall call)
    {
        var id = await MemberIdAsync(call, call.ParameterText());
        await call.Services.Cluster.RemoveMemberAsync(id, CancellationToken.None);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask PromoteAsync(RestCall call)
    {
        var id = await MemberIdAsync(call, call.ParameterText());
        await call.Services.Cluster.PromoteMemberAsync(id, CancellationToken.None);
        await call.WriteEmptyAsync();
    }

    private static async ValueTask TransferAsync(RestCall call)
    {
        var to = call.Query.Text("to") is { } text ? await MemberIdAsync(call, text) : 0;
        var leader = await call.Services.Cluster.TransferLeadershipAsync(to, CancellationToken.None);
        await call.WriteJsonAsync(new LeaderView(MemberView.Format(leader)), ApiJson.Instance.LeaderView);
    }

    /// <summary>A member by its number, else by its label: a label may be a number too, and the number is the surer name.</summary>
    private static async ValueTask<ulong> MemberIdAsync(RestCall call, string idOrLabel)
    {
        var members = (await call.Services.Cluster.MembersAsync(ReadLevel.Linearizable, CancellationToken.None)).Members;
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
