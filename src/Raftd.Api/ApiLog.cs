using Microsoft.Extensions.Logging;

namespace Raftd.Api;

/// <summary>Event ids 5000 to 5099 are the API's; a retired id is not given again. Nothing is logged per request.</summary>
internal static partial class ApiLog
{
    [LoggerMessage(5000, LogLevel.Error, "{Method} {Path} failed: a bug", EventName = "RequestFailed")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);

    // Debug: it comes once for each refused request, and the clients are told.
    [LoggerMessage(5001, LogLevel.Debug, "Refused with 429: {Reason}", EventName = "BudgetFull")]
    public static partial void BudgetFull(ILogger logger, string reason);

    [LoggerMessage(5002, LogLevel.Debug, "The client went away during {Method} {Path}", EventName = "ClientGone")]
    public static partial void ClientGone(ILogger logger, string method, string path);

    [LoggerMessage(5003, LogLevel.Debug, "No lease to take the examples of /openapi/v1.json from: {Reason}",
        EventName = "NoExampleLease")]
    public static partial void NoExampleLease(ILogger logger, string reason);

    [LoggerMessage(5004, LogLevel.Warning,
        "{Client} takes its requests back as soon as it has sent them, more than {Burst} at once and {PerSecond} a second: its connection "
        + "is closed. Of more such clients this is said again after 10 s at the earliest",
        EventName = "ResetFlood")]
    public static partial void ResetFlood(ILogger logger, System.Net.IPAddress? client, int burst, int perSecond);
}
