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

    private protected override IDatabase Make(string url) => new MySqlDatabase(MariaDbServers.TargetOf(url));
}
