namespace Raftd.Sql.Database;

/// <summary>What is sure after a call of the database has failed.</summary>
internal enum DatabaseFault
{
    /// <summary>The database did not answer, or refused the connection. Nothing was changed.</summary>
    Away,

    /// <summary>The database gave up on the transaction (a deadlock, a time-out on a lock). Nothing was changed: try again.</summary>
    Again,

    /// <summary>The connection broke behind the commit that was sent: it may have been done.</summary>
    Unknown,

    /// <summary>The transaction was taken back, because its request has no time left. Nothing was changed.</summary>
    Late,

    /// <summary>The database has no room. Nothing was changed.</summary>
    Full,

    /// <summary>The tables are not what this build expects, or the database refuses for a reason that another attempt does not
    /// change.</summary>
    Wrong,
}

/// <summary>A call of the database has failed.</summary>
internal sealed class DatabaseException(DatabaseFault fault, string message, Exception? inner = null) : Exception(message, inner)
{
    public DatabaseFault Fault { get; } = fault;
}
