using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.Postgres;

public sealed class PostgresSchemaTests(PostgresServers servers) : SchemaContract(servers.Shared)
{
    [Fact]
    public void Prepare_OnTablesMadeByHand_NeedsNoRightToMakeThem()
    {
        Server.Execute(PostgresSchema.Ddl, Name);
        Server.Execute($"CREATE ROLE {Name}_front LOGIN", Name);
        Server.Execute($"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {Name}_front", Name);
        using var database = Prepared(Url.Replace("postgres@", $"{Name}_front@", StringComparison.Ordinal));
        using var session = database.Open();
        new BatchScript(LogRow.First).Put("a", "1").Commit(session);
    }

    [Fact]
    public void Prepare_WithoutTheRightToMakeTables_SaysSo_AndLeavesNothing()
    {
        Server.Execute($"CREATE ROLE {Name}_guest LOGIN", Name);
        var failure = Refused(Url.Replace("postgres@", $"{Name}_guest@", StringComparison.Ordinal));
        Assert.Contains("permission denied", failure, StringComparison.Ordinal);
        Prepared(Url).Dispose();
    }

    [Fact]
    public void Prepare_OnADatabaseThatIsNotThere_SaysSo() =>
        Assert.Contains("does not exist", Refused(Server.UrlOf("nowhere")), StringComparison.Ordinal);

    [Fact]
    public void Values_AreNotCompressed_AndKeysLeaveRoomInTheirPages()
    {
        Prepared(Url).Dispose();
        Assert.Equal("e", Server.Execute(
            "SELECT DISTINCT attstorage FROM pg_attribute WHERE attname = 'v' AND attrelid IN ('raftd_keys'::regclass, 'raftd_revisions'::regclass)",
            Name));
        Assert.Equal("{fillfactor=80}", Server.Execute("SELECT reloptions FROM pg_class WHERE relname = 'raftd_keys'", Name));
    }

    private protected override IDatabase Make(string url) => new PostgresDatabase(PostgresServers.TargetOf(url));
}
