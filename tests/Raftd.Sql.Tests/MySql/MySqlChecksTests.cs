using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.MySql;

/// <summary>Each setting that is not safe is refused with what mends it, and that mends it.</summary>
public sealed class MySqlChecksTests : IDisposable
{
    private readonly Lazy<MariaDbServer> _server = new(MariaDbServer.Start);

    [Fact]
    public void UnsafeSettings_AreAllRefusedAtOnce_AndMendedByTheStatementsNamed()
    {
        var server = _server.Value;
        var url = server.CreateDatabase();
        server.Execute(
            """
            SET GLOBAL read_only = ON; SET GLOBAL innodb_flush_log_at_trx_commit = 2; SET GLOBAL sync_binlog = 0;
            SET GLOBAL binlog_format = STATEMENT; SET GLOBAL max_allowed_packet = 8388608
            """);
        string[] mending =
        [
            "SET GLOBAL read_only = OFF;", "SET GLOBAL innodb_flush_log_at_trx_commit = 1;", "SET GLOBAL sync_binlog = 1;",
            "SET GLOBAL binlog_format = ROW;", "SET GLOBAL max_allowed_packet = 16777216;",
        ];
        for (var done = 0; done < mending.Length; done++)
        {
            var refusal = Refusal(url);
            Assert.Equal(mending.Length - done, refusal.Split("\n- ").Length - 1);
            Assert.Contains(mending[done], refusal, StringComparison.Ordinal);
            server.Execute(mending[done]);
        }

        Assert.Equal("", Refusal(url));
    }

    [Fact]
    public void SettingsThatNeedARestart_AreRefused_WithTheLineForTheConfiguration()
    {
        var server = _server.Value;
        var url = server.CreateDatabase();
        server.Stop();
        server.RestartWith("--skip-log-bin", "--skip-innodb-doublewrite");
        var refusal = Refusal(url);
        Assert.Contains("\n- the binary log is off, and without it InnoDB shows commits before they are durable", refusal, StringComparison.Ordinal);
        Assert.Contains("\n- innodb_doublewrite is not ON", refusal, StringComparison.Ordinal);
        server.Stop();
        server.RestartWith("--log-bin", "--innodb-doublewrite=ON", "--binlog-format=ROW");
        Assert.Equal("", Refusal(url));
    }

    /// <summary>Whatever the server's defaults are, a session has its own.</summary>
    [Fact]
    public void Session_OnAServerWithOtherDefaults_IsStrict_AndReadsEverything()
    {
        var server = _server.Value;
        var url = server.CreateDatabase();
        server.Execute("SET GLOBAL sql_mode = 'ANSI'; SET GLOBAL autocommit = 0; SET GLOBAL sql_select_limit = 1; SET GLOBAL tx_isolation = 'SERIALIZABLE'");
        using var database = MariaDbServers.Prepared(url);
        using var session = database.Open();
        var script = new BatchScript(LogRow.First);
        script.Put("a", "1").Put("b", "1").Commit(session);
        Assert.False(session.Commit(new BatchScript(LogRow.First with { Chain = 1 }).Take()));
        session.Beat(new FrontRow(1, "", "", "", "", 1));
        using var other = database.Open();
        Assert.Equal(2, other.LogFrom(1, 10).Count);
        Assert.Single(other.Fronts());
    }

    /// <summary>What is asked of servers that no test starts.</summary>
    [Theory]
    [InlineData("version=8.0.42 read_only=OFF super_read_only=ON", "the server is read only")]
    [InlineData("version=8.4.5 innodb_doublewrite=DETECT_ONLY", "innodb_doublewrite is not ON")]
    [InlineData("version=10.11.1-MariaDB innodb_flush_log_at_trx_commit=3", "")]
    [InlineData("version=10.11.1-MariaDB wsrep_on=ON wsrep_sync_wait=1", "SET GLOBAL wsrep_sync_wait = 7;")]
    [InlineData("version=10.11.1-MariaDB wsrep_on=ON wsrep_sync_wait=15", "")]
    [InlineData("version=10.11.1-MariaDB wsrep_on=OFF wsrep_sync_wait=0", "")]
    [InlineData("version=8.0.11-TiDB-v8.5.1 tidb_txn_mode=optimistic log_bin=OFF sync_binlog=0", "SET GLOBAL tidb_txn_mode = 'pessimistic';")]
    [InlineData("version=8.0.11-TiDB-v8.5.1 tidb_guarantee_linearizability=OFF", "SET GLOBAL tidb_guarantee_linearizability = ON;")]
    [InlineData("version=8.0.11-TiDB-v8.5.1 log_bin=OFF", "")]
    public void Setting_OfAnotherServer_IsRefusedOrTaken(string settings, string problem)
    {
        var all = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["read_only"] = "OFF",
            ["innodb_flush_log_at_trx_commit"] = "1",
            ["log_bin"] = "ON",
            ["sync_binlog"] = "1",
            ["binlog_format"] = "ROW",
            ["max_allowed_packet"] = "16777216",
            ["tidb_txn_mode"] = "pessimistic",
            ["tidb_guarantee_linearizability"] = "ON",
        };
        foreach (var setting in settings.Split(' '))
        {
            all[setting[..setting.IndexOf('=')]] = setting[(setting.IndexOf('=') + 1)..];
        }

        var problems = MySqlChecks.FindProblems(all);
        if (problem.Length == 0)
        {
            Assert.Empty(problems);
        }
        else
        {
            Assert.Contains(problem, Assert.Single(problems), StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        if (_server.IsValueCreated)
        {
            _server.Value.Dispose();
        }
    }

    /// <summary>Empty where there is none.</summary>
    private static string Refusal(string url)
    {
        using var database = new MySqlDatabase(MariaDbServers.TargetOf(url));
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
