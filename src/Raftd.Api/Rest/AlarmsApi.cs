using Microsoft.AspNetCore.Http;
using Raftd.Api.Rest.Http;
using Raftd.Api.Rest.Views;
using Raftd.Contract;

namespace Raftd.Api.Rest;

/// <summary>/alarms: what stands and why, and the operator's own.</summary>
internal static class AlarmsApi
{
    private const string Template = "/alarms/{name}";

    private static readonly ApiParameter NameParameter =
        new(ParameterPlace.Path, "name", "`NOSPACE` or `CORRUPT`", "NOSPACE", Required: true);

    public static IEnumerable<RestRoute> Routes =>
    [
        new(HttpMethods.Get, "/alarms", ListAsync)
        {
            Tag = "Operations",
            Summary = "The alarms that stand, and their causes",
            Parameters = [CommonParameters.Level],
            NeedsLeader = true,
            Answers = [new(200, "the alarms; none is an empty list", ContentTypes.Json, typeof(AlarmListView))],
        },
        new(HttpMethods.Post, Template, RaiseAsync)
        {
            Tag = "Operations",
            Summary = "Raise an alarm by hand",
            Description = "With NOSPACE raised every member refuses writes, and answers reads, deletes and compactions. "
                + "It stays until it is disarmed.",
            Parameters = [NameParameter],
            NeedsLeader = true,
            Answers = [new(200, "it stands; all that do", ContentTypes.Json, typeof(AlarmListView))],
        },
        new(HttpMethods.Delete, Template, DisarmAsync)
        {
            Tag = "Operations",
            Summary = "Disarm an alarm of any cause",
            Description = "An alarm of the quota or of a disk whose cause still holds is raised again at once.",
            Parameters = [NameParameter],
            NeedsLeader = true,
            Answers = [new(200, "disarmed; what still stands", ContentTypes.Json, typeof(AlarmListView))],
        },
    ];

    private static ValueTask ListAsync(RestCall call) => AnswerAsync(call, call.Level());

    private static async ValueTask RaiseAsync(RestCall call)
    {
        await call.Services.Cluster.RaiseAlarmAsync(Kind(call), CancellationToken.None);
        await AnswerAsync(call, ReadLevel.Linearizable);
    }

    private static async ValueTask DisarmAsync(RestCall call)
    {
        await call.Services.Cluster.DisarmAsync(Kind(call), CancellationToken.None);
        await AnswerAsync(call, ReadLevel.Linearizable);
    }

    private static async ValueTask AnswerAsync(RestCall call, ReadLevel level)
    {
        var alarms = await call.Services.Cluster.AlarmsAsync(level, CancellationToken.None);
        await call.WriteJsonAsync(new AlarmListView([.. alarms.Select(AlarmView.Of)]), ApiJson.Instance.AlarmListView);
    }

    private static AlarmKind Kind(RestCall call) => call.ParameterText() switch
    {
        var name when name.Equals("NOSPACE", StringComparison.OrdinalIgnoreCase) => AlarmKind.NoSpace,
        var name when name.Equals("CORRUPT", StringComparison.OrdinalIgnoreCase) => AlarmKind.Corrupt,
        var other => throw new ApiException(ApiError.NotFound($"there is no alarm `{other}`", "there are NOSPACE and CORRUPT")),
    };
}
