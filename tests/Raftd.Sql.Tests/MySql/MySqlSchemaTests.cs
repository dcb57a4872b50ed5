using System.Globalization;
using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.MySql;

public sealed class MySqlSchemaTests(MariaDbServers servers) : SchemaContract(servers.Shared)
{
    [Fact]
    public void Prepare_OnTablesMadeByHand_NeedsNoRightToMakeThem()
    {
        Server.Execute(MySqlSchema.Ddl, Name);
        Server.Execute($"CREATE USER {Name}_front; GRANT SELECT, INSERT, UPDATE, DELETE ON {Name}.* TO {Name}_front");
        using var database = Prepared(Url.Replace("root@", $"{Name}_front@", StringComparison.Ordinal));
        using var session = database.Open();
        new BatchScript(LogRow.First).Put("a", "1").Commit(session);
    }

    [Fact]
    public void Prepare_WithoutTheRightToMakeTables_SaysSo()
    {
        Server.Execute($"CREATE USER {Name}_guest; GRANT SELECT, INSERT, UPDATE, DELETE ON {Name}.* TO {Name}_guest");
        var failure = Refused(Url.Replace("root@", $"{Name}_guest@", StringComparison.Ordinal));
        Assert.Contains("CREATE command denied", failure, StringComparison.Ordinal);
        Prepared(Url).Dispose();
    }

    [Fact]
    public void Prepare_OnADatabaseThatIsNotThere_SaysSo() =>
        Assert.Contains("Unknown database 'nowhere'", Refused(Server.UrlOf("nowhere")), StringComparison.Ordinal);

    /// <summary>The making of tables is not undone when a front ends in its midst.</summary>
    [Fact]
    public void Prepare_WhereAFrontEndedWhileItMadeTables_GoesOn()
    {
        Server.Execute(MySqlSchema.Ddl, Name);
        Server.Execute("DROP TABLE raftd_meta; DROP TABLE raftd_fronts", Name);
        using var database = Prepared(Url);
        using var session = database.Open();
        Assert.Single(session.LogFrom(1, 10));
        Assert.Empty(session.Fronts());
    }

    [Fact]
    public void Prepare_OnTablesWithoutTransactions_IsRefused_WithWhatMendsIt()
    {
        Prepared(Url).Dispose();
        Server.Execute("ALTER TABLE raftd_keys ENGINE=Aria", Name);
        const string Mending = "ALTER TABLE raftd_keys ENGINE=InnoDB;";
        Assert.Contains(Mending, Refused(Url), StringComparison.Ordinal);
        Server.Execute(Mending, Name);
        Prepared(Url).Dispose();
    }

    /// <summary>Longer than one of its statements may take otherwise.</summary>
    [Fact]
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
        Server.Execute("UPDATE raftd_buckets SET format = 2", Name);
        using var refused = Make(Url);
        Assert.Throws<DatabaseException>(refused.Prepare);
        Server.Execute("UPDATE raftd_buckets SET format = 1", Name);
        Prepared(Url).Dispose();
    }

    /// <summary>In seconds, for the lock.</summary>
    private int LongestWait() => int.Parse(
        Server.Execute($"SELECT COALESCE(MAX(time), 0) FROM information_schema.processlist WHERE db = '{Name}' AND info LIKE '%GET_LOCK%' AND id <> CONNECTION_ID()"),
        CultureInfo.InvariantCulture);

    private protected override IDatabase Make(string url) => new MySqlDatabase(MariaDbServers.TargetOf(url));
}
