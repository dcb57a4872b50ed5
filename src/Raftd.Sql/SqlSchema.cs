using Raftd.Sql.Postgres;

namespace Raftd.Sql;

/// <summary>The tables as statements: for an administrator who makes them where a front may not.</summary>
public static class SqlSchema
{
    /// <summary>For psql; in an empty database.</summary>
    public static string OfPostgres => PostgresSchema.Ddl;
}
