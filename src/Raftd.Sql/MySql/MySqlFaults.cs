using Raftd.Sql.Database;

namespace Raftd.Sql.MySql;

/// <summary>What an error of the server makes sure, or that none came: the one place where codes are known.</summary>
/// <remarks>Codes: the references of MySQL and MariaDB (below 4 000, where both agree, or only one has it) and of TiDB (from 8 000).</remarks>
internal static class MySqlFaults
{
    private const int ColumnIsNull = 1048;
    private const int DuplicateKey = 1062;

    /// <summary>Whether the row of the log was refused: it is there already, or the one before it is not the last one.</summary>
    /// <param name="failure">Of the statement that inserts it.</param>
    public static bool IsLostRace(MySqlFailure failure) => failure.Code is ColumnIsNull or DuplicateKey;

    /// <param name="failure">Of an open connection.</param>
    /// <param name="mayHaveWritten">What was sent changes something, so it may have been done where no answer came.</param>
    /// <param name="target">For the text.</param>
    public static DatabaseException Of(MySqlFailure failure, bool mayHaveWritten, SqlTarget target)
    {
        var lost = mayHaveWritten ? DatabaseFault.Unknown : DatabaseFault.Away;
        return failure.Code is { } code
            ? new DatabaseException(OfCode(code, failure.Message, lost), $"{target}: {failure.Message} (error {code})", failure)
            : new DatabaseException(lost, $"{target} does not answer: {failure.Message}", failure);
    }

    /// <summary>No connection was to be had.</summary>
    public static DatabaseException OfOpening(MySqlFailure failure, SqlTarget target) => failure.IsForGood
        ? new DatabaseException(DatabaseFault.Wrong, $"{target}: {failure.Message}", failure)
        : Of(failure, mayHaveWritten: false, target);

    private static DatabaseFault OfCode(int code, string message, DatabaseFault lost) => code switch
    {
        1205 or 1213 => DatabaseFault.Again, // a lock was not to be had in time, a deadlock
        1020 => DatabaseFault.Again, // a row has changed since it was read
        8005 or 8022 or 8028 or 9007 => DatabaseFault.Again, // TiDB: conflicts of writes, a commit that was undone, changed tables

        1021 or 1114 => DatabaseFault.Full, // no room on the disk, or in the table
        _ when IsFullDisk(message) => DatabaseFault.Full,

        // The statement was ended: by KILL, by its time limit. A transaction whose end was sent with it is surely not done only if
        // that end was not reached.
        1317 or 1969 or 3024 => lost == DatabaseFault.Unknown ? lost : DatabaseFault.Again,

        // A server that takes no writes refuses before it changes anything; the next connection may reach the primary.
        1290 or 1792 or 1836 => DatabaseFault.Away,
        1040 or 1203 or 1226 => DatabaseFault.Away, // too many connections
        1047 => DatabaseFault.Away, // Galera: this server is not one of the majority

        1053 or 1077 or 1079 => lost, // the server is shut down
        1152 or (>= 1158 and <= 1161) or 1184 or 1927 or 4031 => lost, // the server has closed the connection
        2006 or 2013 => lost, // the same, in the words of a client
        8027 or (>= 9001 and <= 9006) => lost, // TiDB: its parts do not answer each other
        _ => DatabaseFault.Wrong,
    };

    private static bool IsFullDisk(string message) =>
        message.Contains("No space left on device", StringComparison.Ordinal)
        || message.Contains("Got error 28 ", StringComparison.Ordinal)
        || message.Contains("disk full", StringComparison.OrdinalIgnoreCase);
}
