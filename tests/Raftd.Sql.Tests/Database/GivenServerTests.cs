using Raftd.Sql.Database;
using Raftd.Sql.Tests.MySql;
using Raftd.Sql.Tests.Postgres;
using Raftd.Testing.Databases;
using Raftd.Testing.Processes;

namespace Raftd.Sql.Tests.Database;

/// <summary>A server that the tests are given (tests/database.sh): what they do on it, and what its owner reads where they may not.</summary>
public sealed class GivenServerTests
{
    private const string Guest = "guest";
    private const string Password = "a wörd=50%";

    /// <summary>What tests/database.sh asks first: a server that cannot be used is one text, and not hundreds of failures.</summary>
    [Fact(Explicit = true)]
    public void NamedServer_TakesFronts()
    {
        try
        {
            using var server = new GivenServer(
                GivenServer.Url ?? throw new InvalidOperationException("RAFTD_TEST_DATABASE names no server"), GivenServer.Password);
            var url = server.CreateDatabase();
            using IDatabase database = Targets.Of(url).Engine == SqlEngine.Postgres ? PostgresServers.Prepared(url) : MariaDbServers.Prepared(url);
            using var session = database.Open();
            new BatchScript(LogRow.First).Put("a", "1").Commit(session);
        }
        catch (Exception refusal) when (refusal is InvalidOperationException or DatabaseException)
        {
            Assert.Fail(refusal.Message);
        }
    }

    [Fact]
    public void Postgres_TakesDatabasesOfTheTests_AndLosesThemAlone()
    {
        using var server = PostgresServer.Start();
        server.Execute($"CREATE ROLE {Guest} LOGIN PASSWORD '{Password}'");
        server.Write("pg_hba.conf", $"host all {Guest} all scram-sha-256\nlocal all all trust\n");
        server.Execute("SELECT pg_reload_conf()");
        AssertUsed(server, server.UrlOf("postgres").Replace("postgres@", Guest + "@", StringComparison.Ordinal), "SELECT datname FROM pg_database");
    }

    [Fact]
    public void MariaDb_TakesDatabasesOfTheTests_AndLosesThemAlone()
    {
        using var server = MariaDbServer.Start();
        server.Execute($"CREATE USER {Guest} IDENTIFIED BY '{Password}'");
        AssertUsed(server, server.UrlOf("mysql").Replace("root@", Guest + "@", StringComparison.Ordinal), "SHOW DATABASES");
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("mysql")]
    public void ServerThatIsNotThere_IsNamedWithItsUrl(string scheme)
    {
        using var given = new GivenServer($"{scheme}://{Guest}@127.0.0.1:{Ports.Free()}/any", Password);
        Assert.Matches($"^{scheme}://{Guest}@127.0.0.1:[0-9]+/any does not let the tests in: .*; name a server that runs", Refusal(given));
    }

    /// <param name="server">That lets the guest in by its password, and to nothing more.</param>
    /// <param name="url">Of it, as the guest.</param>
    /// <param name="list">The statement that lists its databases.</param>
    private static void AssertUsed(DatabaseServer server, string url, string list)
    {
        using (var wrong = new GivenServer(url, "wrong"))
        {
            Assert.Contains("does not let the tests in: ", Refusal(wrong), StringComparison.Ordinal);
        }

        var theirs = server.CreateDatabase();
        using (var given = new GivenServer(url, Password))
        {
            var refusal = Refusal(given);
            Assert.Contains($"{Guest} may not make databases on 127.0.0.1", refusal, StringComparison.Ordinal);
            const string Statement = "as an administrator: ";
            server.Execute(refusal[(refusal.IndexOf(Statement, StringComparison.Ordinal) + Statement.Length)..]);

            var (one, other) = (given.CreateDatabase(), given.CreateDatabase());
            given.Query(one, "CREATE TABLE t (k INT); INSERT INTO t VALUES (7)");
            given.Query(other, "CREATE TABLE t (k INT)");
            Assert.Equal(("7", ""), (given.Query(one, "SELECT k FROM t"), given.Query(other, "SELECT k FROM t")));
            Assert.Equal(2, server.Execute(list).Split("raftd_test_").Length - 1);
            Assert.Throws<InvalidOperationException>(() => given.Query(theirs, "SELECT 1"));
            Assert.Throws<InvalidOperationException>(given.Kill);
        }

        Assert.DoesNotContain("raftd_test_", server.Execute(list), StringComparison.Ordinal);
        Assert.Contains(new Uri(theirs).AbsolutePath.Trim('/'), server.Execute(list), StringComparison.Ordinal);
    }

    private static string Refusal(GivenServer given) => Assert.Throws<InvalidOperationException>(given.CreateDatabase).Message;
}
