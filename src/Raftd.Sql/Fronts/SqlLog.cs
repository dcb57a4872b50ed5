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

    [LoggerMessage(3003, LogLevel.Information, "this front leads the bucket {Bucket} in epoch {Epoch}")]
    public static partial void Leading(ILogger logger, string bucket, ulong epoch);

    [LoggerMessage(3004, LogLevel.Information, "front {Leader:x16} leads the bucket {Bucket} in epoch {Epoch}")]
    public static partial void Following(ILogger logger, ulong leader, string bucket, ulong epoch);

    [LoggerMessage(3005, LogLevel.Warning, "front {Leader:x16} has given no sign of life for {Silence}: this front takes its place in the bucket {Bucket}")]
    public static partial void TakingOver(ILogger logger, ulong leader, TimeSpan silence, string bucket);

    [LoggerMessage(3006, LogLevel.Information, "compacting to revision {Revision}")]
    public static partial void Compacting(ILogger logger, long revision);

    [LoggerMessage(3007, LogLevel.Warning, "this front stood at row {Seq}, and the log begins at row {First} now: it begins anew")]
    public static partial void BegunAnew(ILogger logger, long seq, long first);

    [LoggerMessage(3008, LogLevel.Information, "the database answers again")]
    public static partial void DatabaseAnswers(ILogger logger);

    [LoggerMessage(3009, LogLevel.Information, "no front leads the bucket {Bucket}: this one will")]
    public static partial void TakingLead(ILogger logger, string bucket);

    [LoggerMessage(3020, LogLevel.Information, "this front serves the bucket {Bucket} ({Id}): row {Seq} of the log, revision {Revision}, {Leases} leases")]
    public static partial void BucketServed(ILogger logger, string bucket, long id, long seq, long revision, long leases);

    [LoggerMessage(3021, LogLevel.Information, "the bucket {Bucket} ({Id}) was removed")]
    public static partial void BucketRemoved(ILogger logger, string bucket, long id);

    [LoggerMessage(3022, LogLevel.Information, "what the removed bucket {Id} had left is deleted")]
    public static partial void BucketCleared(ILogger logger, long id);

    [LoggerMessage(3023, LogLevel.Warning, "the bucket {Bucket} could not be loaded: {Reason}")]
    public static partial void BucketNotLoaded(ILogger logger, string bucket, string reason);
}
