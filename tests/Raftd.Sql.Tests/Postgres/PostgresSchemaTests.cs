using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Postgres;

public sealed class PostgresSchemaTests(PostgresServers servers) : SchemaContract(servers.Shared)
{
    private PostgresServer OwnServer => (PostgresServer)Server;

    private string Name => PostgresServers.TargetOf(Url).Database;

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_OnTablesMadeByHand_NeedsNoRightToMakeThem()
    {
        OwnServer.Execute(PostgresSchema.Ddl, Name);
        OwnServer.Execute($"CREATE ROLE {Name}_front LOGIN", Name);
        OwnServer.Execute($"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {Name}_front", Name);
        using var database = Prepared(Url.Replace("postgres@", $"{Name}_front@", StringComparison.Ordinal));
        using var session = database.Open();
        new BatchScript(LogRow.First).Put("a", "1").Commit(session);
    }

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_WithoutTheRightToMakeTables_SaysSo_AndLeavesNothing()
    {
        OwnServer.Execute($"CREATE ROLE {Name}_guest LOGIN", Name);
        var failure = Refused(Url.Replace("postgres@", $"{Name}_guest@", StringComparison.Ordinal));
        Assert.Contains("permission denied", failure, StringComparison.Ordinal);
        Prepared(Url).Dispose();
    }

    [Fact]
    [Trait("Server", "Own")]
    public void Prepare_OnADatabaseThatIsNotThere_SaysSo() =>
        Assert.Contains("does not exist", Refused(OwnServer.UrlOf("nowhere")), StringComparison.Ordinal);

    [Fact]
    [Trait("Server", "Own")]
    public void Values_AreNotCompressed_AndKeysLeaveRoomInTheirPages()
    {
        Prepared(Url).Dispose();
        Assert.Equal("e", OwnServer.Execute(
            "SELECT DISTINCT attstorage FROM pg_attribute WHERE attname = 'v' AND attrelid IN ('raftd_keys'::regclass, 'raftd_revisions'::regclass)",
            Name));
        Assert.Equal("{fillfactor=80}", OwnServer.Execute("SELECT reloptions FROM pg_class WHERE relname = 'raftd_keys'", Name));
    }

    private protected override IDatabase Make(string url) => new PostgresDatabase(PostgresServers.TargetOf(url));
}
