using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>Each setting that is not safe is refused with a statement, and that statement mends it.</summary>
public sealed class PostgresChecksTests : IDisposable
{
    private readonly PostgresServer _server = PostgresServer.Start();

    [Fact]
    public void UnsafeSettings_AreAllRefusedAtOnce_AndMendedByTheStatementsNamed()
    {
        var url = _server.CreateDatabase();
        _server.Execute("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf()");
        _server.Execute("ALTER ROLE postgres SET synchronous_commit = off");
        AssertRefused(url, "fsync is off", "full_page_writes is off", "synchronous_commit is off");
        Mend(url, "ALTER SYSTEM SET fsync = on; SELECT pg_reload_conf();");
        AssertRefused(url, "full_page_writes is off", "synchronous_commit is off");
        Mend(url, "ALTER SYSTEM SET full_page_writes = on; SELECT pg_reload_conf();");
        AssertRefused(url, "synchronous_commit is off");
        Mend(url, "ALTER ROLE postgres IN DATABASE test1 SET synchronous_commit = on;");
        PostgresServers.Prepared(url).Dispose();
    }

    /// <summary>As on servers that speak its protocol over another storage: this one's functions say so to who looks in their schema first.
    /// </summary>
    [Fact]
    public void SettingsThatTheServerDoesNotKnow_AreNotAskedFor()
    {
        var url = _server.CreateDatabase();
        _server.Execute(
            """
            CREATE SCHEMA lacking;
            CREATE FUNCTION lacking.current_setting(name TEXT) RETURNS TEXT LANGUAGE SQL AS 'SELECT pg_catalog.current_setting(''unknown.'' || name)';
            CREATE FUNCTION lacking.current_setting(name TEXT, missing_ok BOOLEAN) RETURNS TEXT LANGUAGE SQL AS
              'SELECT pg_catalog.current_setting(''unknown.'' || name, missing_ok)';
            ALTER ROLE postgres SET search_path = lacking, pg_catalog, public
            """,
            PostgresServers.TargetOf(url).Database);
        PostgresServers.Prepared(url).Dispose();
    }

    [Fact]
    public void Standby_IsRefused_AndMendedByTheStatementNamed()
    {
        var url = _server.CreateDatabase();
        _server.Stop();
        _server.MakeStandby();
        _server.Restart();
        AssertRefused(url, "the server is a standby");
        Mend(url, "SELECT pg_promote();");
        PostgresServers.Prepared(url).Dispose();
    }

    public void Dispose() => _server.Dispose();

    private static void AssertRefused(string url, params string[] problems)
    {
        var text = Refusal(url);
        Assert.Equal(problems.Length, text.Split("\n- ").Length - 1);
        Assert.All(problems, problem => Assert.Contains($"\n- {problem}", text, StringComparison.Ordinal));
    }

    private void Mend(string url, string statement)
    {
        var before = Refusal(url);
        Assert.Contains(statement, before, StringComparison.Ordinal);
        _server.Execute(statement);

        // The server takes a reloaded setting in when it comes to it.
        Assert.True(SpinWait.SpinUntil(() => Refusal(url) != before, TimeSpan.FromSeconds(30)), $"'{statement}' has mended nothing");
    }

    /// <summary>Empty where there is none.</summary>
    private static string Refusal(string url)
    {
        using var database = new PostgresDatabase(PostgresServers.TargetOf(url));
        try
        {
            database.Prepare();
            return "";
        }
        catch (DatabaseException failure) when (failure.Fault == DatabaseFault.Wrong)
        {
            return failure.Message;
        }
    }
}
