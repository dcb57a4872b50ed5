using Npgsql;
using Raftd.Sql.Database;

namespace Raftd.Sql.Postgres;

/// <summary>What a failure of the driver or an error of the server makes sure: the one place where their codes are known.</summary>
/// <remarks>Codes: PostgreSQL, appendix A.</remarks>
internal static class PostgresFaults
{
    private const string IdleInTransactionTimeout = "25P03";
    private const string IdleTimeout = "57P05";

    // The driver has no other sign of it.
    private const string PoolIsExhausted = "The connection pool has been exhausted";

    public static bool IsOne(Exception failure) => failure is NpgsqlException or IOException or TimeoutException;

    /// <summary>Whether the row of the log was refused: it is there already, or the one before it is not the last one.</summary>
    public static bool IsLostRace(PostgresException error) =>
        error.TableName == PostgresSchema.Log
        && error.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.NotNullViolation;

    /// <param name="failure">One that <see cref="IsOne"/>.</param>
    /// <param name="mayHaveWritten">What was sent changes something, so it may have been done where no answer came.</param>
    /// <param name="target">For the text.</param>
    public static DatabaseException Of(Exception failure, bool mayHaveWritten, SqlTarget target)
    {
        var lost = mayHaveWritten ? DatabaseFault.Unknown : DatabaseFault.Away;
        return failure is PostgresException error
            ? new DatabaseException(OfCode(error, lost), $"{target}: {error.MessageText} (SQLSTATE {error.SqlState})", error)
            : new DatabaseException(lost, $"{target} does not answer: {InnermostText(failure)}", failure);
    }

    /// <summary>No connection was to be had.</summary>
    public static DatabaseException OfOpening(Exception failure, SqlTarget target, int maxConnections)
    {
        if (failure.Message.StartsWith(PoolIsExhausted, StringComparison.Ordinal))
        {
            return new DatabaseException(DatabaseFault.Away, $"{target}: all {maxConnections} connections are in use", failure);
        }

        return IsForGood(failure)
            ? new DatabaseException(DatabaseFault.Wrong, $"{target}: {InnermostText(failure)}", failure)
            : Of(failure, mayHaveWritten: false, target);
    }

    /// <summary>Whether the driver gave up on a connection for a reason that another attempt does not change: a password that it was not
    /// given, a certificate that it does not believe.</summary>
    private static bool IsForGood(Exception failure) => failure is NpgsqlException { IsTransient: false } and not PostgresException;

    private static DatabaseFault OfCode(PostgresException error, DatabaseFault lost) => error.SqlState switch
    {
        PostgresErrorCodes.DiskFull => DatabaseFault.Full,
        PostgresErrorCodes.SerializationFailure
            or PostgresErrorCodes.DeadlockDetected
            or PostgresErrorCodes.LockNotAvailable => DatabaseFault.Again,

        // By its own time-out for statements. A commit that waits for a standby is not undone by it, but reported as done.
        PostgresErrorCodes.QueryCanceled => DatabaseFault.Again,

        // A server that has become a standby refuses before it changes anything; the next connection may reach the primary.
        PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.TooManyConnections => DatabaseFault.Away,
        PostgresErrorCodes.StatementCompletionUnknown => DatabaseFault.Unknown,
        _ when IsLostConnection(error.SqlState) => lost,
        _ when error.MessageText.Contains("No space left on device", StringComparison.Ordinal) => DatabaseFault.Full,
        _ => DatabaseFault.Wrong,
    };

    /// <summary>The server ends the connection and says why: it is shut down, starts, or has crashed.</summary>
    private static bool IsLostConnection(string code) =>
        code.StartsWith("08", StringComparison.Ordinal)
        || code is PostgresErrorCodes.AdminShutdown
            or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow
            or IdleInTransactionTimeout
            or IdleTimeout;

    private static string InnermostText(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure.Message;
    }
}
