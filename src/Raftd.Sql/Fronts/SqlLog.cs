using Microsoft.Extensions.Logging;
using Raftd.Sql.Database;

namespace Raftd.Sql.Fronts;

/// <summary>Every log line of the engine over a database, with an id that never changes: 3000 and up.</summary>
internal static partial class SqlLog
{
    [LoggerMessage(3000, LogLevel.Information, "front {Label} ({Front:x16}) serves {Database}: row {Seq} of the log, revision {Revision}, {Leases} leases")]
    public static partial void Running(ILogger logger, string label, ulong front, string database, long seq, long revision, long leases);

    [LoggerMessage(3001, LogLevel.Warning, "the database failed ({Fault}): {Reason}")]
    public static partial void DatabaseFailed(ILogger logger, DatabaseFault fault, string reason);

    [LoggerMessage(3002, LogLevel.Critical, "{Reason}; this front answers nothing any more: {Hint}")]
    public static partial void Fenced(ILogger logger, string reason, string hint);

    [LoggerMessage(3003, LogLevel.Information, "this front leads in epoch {Epoch}")]
    public static partial void Leading(ILogger logger, ulong epoch);

    [LoggerMessage(3004, LogLevel.Information, "front {Leader:x16} leads in epoch {Epoch}")]
    public static partial void Following(ILogger logger, ulong leader, ulong epoch);

    [LoggerMessage(3005, LogLevel.Warning, "front {Leader:x16} has given no sign of life for {Silence}: this front takes its place")]
    public static partial void TakingOver(ILogger logger, ulong leader, TimeSpan silence);

    [LoggerMessage(3007, LogLevel.Warning, "this front stood at row {Seq}, and the log begins at row {First} now: it begins anew")]
    public static partial void BegunAnew(ILogger logger, long seq, long first);

    [LoggerMessage(3010, LogLevel.Information, "the database answers again")]
    public static partial void DatabaseAnswers(ILogger logger);

    [LoggerMessage(3006, LogLevel.Information, "compacting to revision {Revision}")]
    public static partial void Compacting(ILogger logger, long revision);
}
