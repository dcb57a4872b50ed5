using System.Globalization;
using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.MySql;

public sealed class MySqlSchemaTests(MariaDbServers servers) : SchemaContract(servers.Shared)
{
    private MariaDbServer OwnServer => (MariaDbServer)Server;

    private string Name => MariaDbServers.TargetOf(Url).Database;

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_OnTablesMadeByHand_NeedsNoRightToMakeThem()
    {
        OwnServer.Execute(MySqlSchema.Ddl, Name);
        OwnServer.Execute($"CREATE USER {Name}_front; GRANT SELECT, INSERT, UPDATE, DELETE ON {Name}.* TO {Name}_front");
        using var database = Prepared(Url.Replace("root@", $"{Name}_front@", StringComparison.Ordinal));
        using var session = database.Open();
        new BatchScript(LogRow.First).Put("a", "1").Commit(session);
    }

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_WithoutTheRightToMakeTables_SaysSo()
    {
        OwnServer.Execute($"CREATE USER {Name}_guest; GRANT SELECT, INSERT, UPDATE, DELETE ON {Name}.* TO {Name}_guest");
        var failure = Refused(Url.Replace("root@", $"{Name}_guest@", StringComparison.Ordinal));
        Assert.Contains("CREATE command denied", failure, StringComparison.Ordinal);
        Prepared(Url).Dispose();
    }

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_OnADatabaseThatIsNotThere_SaysSo() =>
        Assert.Contains("Unknown database 'nowhere'", Refused(OwnServer.UrlOf("nowhere")), StringComparison.Ordinal);

    /// <summary>The making of tables is not undone when a front ends in its midst.</summary>
    [Fact]
    public void Prepare_WhereAFrontEndedWhileItMadeTables_GoesOn()
    {
        Server.Query(Url, MySqlSchema.Ddl);
        Server.Query(Url, "DROP TABLE raftd_meta; DROP TABLE raftd_fronts");
        using var database = Prepared(Url);
        using var session = database.Open();
        Assert.Single(session.LogFrom(1, 10));
        Assert.Empty(session.Fronts());
    }

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_OnTablesWithoutTransactions_IsRefused_WithWhatMendsIt()
    {
        Prepared(Url).Dispose();
        OwnServer.Execute("ALTER TABLE raftd_keys ENGINE=Aria", Name);
        const string Mending = "ALTER TABLE raftd_keys ENGINE=InnoDB;";
        Assert.Contains(Mending, Refused(Url), StringComparison.Ordinal);
        OwnServer.Execute(Mending, Name);
        Prepared(Url).Dispose();
    }

    /// <summary>Longer than one of its statements may take otherwise.</summary>
    [Fact]
    [Trait("Server", "Own")]
    public async Task Prepare_BehindAFrontThatMakesTheTables_WaitsForIt()
    {
        using var impatient = new MySqlDatabase(MariaDbServers.TargetOf(Url), options: new MySqlOptions { CommandTimeout = TimeSpan.FromSeconds(1) });
        Task waiting;
        using (var other = MySqlLink.Open(MariaDbServers.TargetOf(Url), TimeSpan.FromSeconds(5)))
        {
            other.Run("SELECT GET_LOCK('raftd tables', 30)", TimeSpan.FromSeconds(30), static _ => { });
            waiting = Task.Factory.StartNew(
                impatient.Prepare, TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            Assert.True(SpinWait.SpinUntil(() => waiting.IsCompleted || LongestWait() >= 3, TimeSpan.FromSeconds(60)));
            Assert.False(waiting.IsCompleted);
        }

        await waiting;
    }

    /// <summary>A failure gives the lock back with the connection.</summary>
    [Fact]
    public void Prepare_ThatIsRefused_KeepsNoOtherFrontWaiting()
    {
        Prepared(Url).Dispose();
        Server.Query(Url, "UPDATE raftd_buckets SET format = 2");
        using var refused = Make(Url);
        Assert.Throws<DatabaseException>(refused.Prepare);
        Server.Query(Url, "UPDATE raftd_buckets SET format = 1");
        Prepared(Url).Dispose();
    }

    /// <summary>In seconds, for the lock.</summary>
    private int LongestWait() => int.Parse(
        OwnServer.Execute($"SELECT COALESCE(MAX(time), 0) FROM information_schema.processlist WHERE db = '{Name}' AND info LIKE '%GET_LOCK%' AND id <> CONNECTION_ID()"),
        CultureInfo.InvariantCulture);

    private protected override IDatabase Make(string url) => new MySqlDatabase(MariaDbServers.TargetOf(url));
}
