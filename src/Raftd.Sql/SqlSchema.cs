using Raftd.Sql.MySql;
using Raftd.Sql.Postgres;

namespace Raftd.Sql;

/// <summary>The tables as statements: for an administrator who makes them where a front may not.</summary>
public static class SqlSchema
{
    /// <summary>For the engine's own client; in an empty database.</summary>
    public static string Of(SqlEngine engine) => engine == SqlEngine.Postgres ? PostgresSchema.Ddl : MySqlSchema.Ddl;
}
