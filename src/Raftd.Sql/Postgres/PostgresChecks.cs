using Npgsql;

namespace Raftd.Sql.Postgres;

/// <summary>Settings without which the server acknowledges what a crash takes back.</summary>
/// <remarks>A server that speaks PostgreSQL's protocol over another storage may lack them: what it lacks cannot be off.</remarks>
internal static class PostgresChecks
{
    /// <returns>Each problem with the statement that mends it; none where all is safe.</returns>
    public static List<string> FindProblems(NpgsqlConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            SELECT pg_is_in_recovery(), {IsOff("fsync")}, {IsOff("full_page_writes")}, {IsOff("synchronous_commit")},
              quote_ident(current_user), quote_ident(current_database())
            """;
        using var reader = command.ExecuteReader();
        reader.Read();
        var problems = new List<string>();
        AddIf(
            reader.GetBoolean(0),
            "the server is a standby, which takes no writes: name the primary, or make this server one with: SELECT pg_promote();");
        AddIf(
            reader.GetBoolean(1),
            "fsync is off, so a crash of the machine loses what was acknowledged: ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();");
        AddIf(
            reader.GetBoolean(2),
            "full_page_writes is off, so a crash of the machine leaves torn pages: "
                + "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();");
        AddIf(
            reader.GetBoolean(3),
            "synchronous_commit is off, so commits are acknowledged before they are durable: "
                + $"ALTER ROLE {reader.GetString(4)} IN DATABASE {reader.GetString(5)} SET synchronous_commit = on;");
        return problems;

        void AddIf(bool isWrong, string problem)
        {
            if (isWrong)
            {
                problems.Add(problem);
            }
        }
    }

    private static string IsOff(string setting) => $"COALESCE(current_setting('{setting}', true) = 'off', false)";
}
