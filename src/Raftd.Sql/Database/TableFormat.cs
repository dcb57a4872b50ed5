namespace Raftd.Sql.Database;

/// <summary>What every driver writes into the row of a bucket when it makes one, and asks of it later.</summary>
internal static class TableFormat
{
    /// <summary>Of the tables and of what is in them. A build refuses tables of another one.</summary>
    public const long Current = 1;

    /// <summary>Why a build does not touch tables of another format.</summary>
    public static DatabaseException Refusal(SqlTarget target, long format) => new(DatabaseFault.Wrong, format > Current
        ? $"{target} has tables of format {format}, and this build knows formats up to {Current}: start the build that made them, or a newer one"
        : $"{target} has tables of format {format}, and this build needs {Current}: move them with the build that follows the one that made them");

    /// <summary>Why a build does not make the tables that are missing.</summary>
    public static DatabaseException SomeAreGone(SqlTarget target, IEnumerable<string> missing) => new(
        DatabaseFault.Wrong,
        $"{target} has some tables of raftd, but not {string.Join(", ", missing)}: restore the database from a backup, or name an empty one");
}
