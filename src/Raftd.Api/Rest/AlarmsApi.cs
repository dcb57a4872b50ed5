using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Raftd.Api.Rest.Routing;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/alarms: what stands and why, and the operator's own.</summary>
internal static class AlarmsApi
{
    private static readonly ApiParameter NameParameter =
        new(ParameterPlace.Path, "name", "`NOSPACE` or `CORRUPT`", "NOSPACE", Required: true);

    public static void Map(IEndpointRouteBuilder rest)
    {
        var alarms = rest.MapGroup("/alarms").WithTags("Operations").WithTraits(RouteTraits.NeedsLeader);
        alarms.MapGet("", ListAsync)
            .WithSummary("The alarms that stand, and their causes")
            .WithParameters(CommonParameters.Level)
            .AnswersJson(200, "the alarms; none is an empty list", typeof(AlarmListView));
        alarms.MapPost("/{name}", RaiseAsync)
            .WithSummary("Raise an alarm by hand")
            .WithDescription(
                "With NOSPACE raised every member refuses writes, and answers reads, deletes and compactions. It stays until "
                + "it is disarmed.")
            .WithParameters(NameParameter)
            .AnswersJson(200, "it stands; all that do", typeof(AlarmListView));
        alarms.MapDelete("/{name}", DisarmAsync)
            .WithSummary("Disarm an alarm of any cause")
            .WithDescription("An alarm of the quota or of a disk whose cause still holds is raised again at once.")
            .WithParameters(NameParameter)
            .AnswersJson(200, "disarmed; what still stands", typeof(AlarmListView));
    }

    private static ValueTask ListAsync(RestCall call) => AnswerAsync(call, call.Level());

    private static async ValueTask RaiseAsync(RestCall call)
    {
        await call.Keyspace.Cluster.RaiseAlarmAsync(call.Caller, Kind(call), CancellationToken.None);
        await AnswerAsync(call, ReadLevel.Linearizable);
    }

    private static async ValueTask DisarmAsync(RestCall call)
    {
        await call.Keyspace.Cluster.DisarmAsync(call.Caller, Kind(call), CancellationToken.None);
        await AnswerAsync(call, ReadLevel.Linearizable);
    }

    private static async ValueTask AnswerAsync(RestCall call, ReadLevel level)
    {
        var alarms = await call.Keyspace.Cluster.AlarmsAsync(call.Caller, level, CancellationToken.None);
        await call.WriteJsonAsync(new AlarmListView([.. alarms.Select(AlarmView.Of)]), ApiJson.Instance.AlarmListView);
    }

    private static AlarmKind Kind(RestCall call) => call.ParameterText() switch
    {
        var name when name.Equals("NOSPACE", StringComparison.OrdinalIgnoreCase) => AlarmKind.NoSpace,
        var name when name.Equals("CORRUPT", StringComparison.OrdinalIgnoreCase) => AlarmKind.Corrupt,
        var other => throw new ApiException(ApiError.NotFound($"there is no alarm `{other}`", "there are NOSPACE and CORRUPT")),
    };
}
