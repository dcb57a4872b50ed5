using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;

namespace Raftd.Sql.Tests.Postgres;

public sealed class PostgresSchemaTests(PostgresServers servers)
{
    private readonly string _url = servers.Shared.CreateDatabase();

    private string Name => _url[(_url.LastIndexOf('/') + 1).._url.IndexOf('?')];

    [Fact]
    public void Prepare_Twice_KeepsTheClusterAndItsLog()
    {
        using var first = PostgresServers.Prepared(_url);
        using (var session = first.Open())
        {
            new BatchScript(LogRow.First).Put("a", "1").Commit(session);
        }

        using var second = PostgresServers.Prepared(_url);
        Assert.NotEqual(0UL, first.ClusterId);
        Assert.Equal(first.ClusterId, second.ClusterId);
        using var later = second.Open();
        Assert.Equal(2, later.LogFrom(1, 10).Count);
    }

    [Fact]
    public void Prepare_OfFrontsThatStartAtOnce_MakesOneCluster()
    {
        var databases = Enumerable.Range(0, 8).Select(_ => new PostgresDatabase(PostgresServers.TargetOf(_url))).ToList();
        Parallel.ForEach(databases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, static database => database.Prepare());
        Assert.Single(databases.Select(static database => database.ClusterId).Distinct());
        databases.ForEach(static database => database.Dispose());
    }

    [Fact]
    public void ClusterIds_OfTwoDatabases_Differ()
    {
        using var one = PostgresServers.Prepared(_url);
        using var other = PostgresServers.Prepared(servers.Shared.CreateDatabase());
        Assert.NotEqual(one.ClusterId, other.ClusterId);
    }

    [Fact]
    public void Prepare_OnTablesMadeByHand_NeedsNoRightToMakeThem()
    {
        servers.Shared.Execute(PostgresSchema.Ddl, Name);
        servers.Shared.Execute($"CREATE ROLE {Name}_front LOGIN", Name);
        servers.Shared.Execute($"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {Name}_front", Name);
        using var database = PostgresServers.Prepared(_url.Replace("postgres@", $"{Name}_front@", StringComparison.Ordinal));
        using var session = database.Open();
        new BatchScript(LogRow.First).Put("a", "1").Commit(session);
    }

    [Fact]
    public void Prepare_WithoutTheRightToMakeTables_SaysSo_AndLeavesNothing()
    {
        servers.Shared.Execute($"CREATE ROLE {Name}_guest LOGIN", Name);
        var failure = Refused(_url.Replace("postgres@", $"{Name}_guest@", StringComparison.Ordinal));
        Assert.Contains("permission denied", failure, StringComparison.Ordinal);
        PostgresServers.Prepared(_url).Dispose();
    }

    [Theory]
    [InlineData(2, "tables of format 2, and this build knows formats up to 1: start the build that made them, or a newer one")]
    [InlineData(0, "tables of format 0, and this build needs 1")]
    public void Prepare_OnAnotherFormat_IsRefused_WithWhatToDo(long format, string text)
    {
        PostgresServers.Prepared(_url).Dispose();
        servers.Shared.Execute($"UPDATE raftd_buckets SET format = {format}", Name);
        Assert.Contains(text, Refused(_url), StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_WhereSomeTablesAreGone_IsRefused_WithTheirNames()
    {
        PostgresServers.Prepared(_url).Dispose();
        servers.Shared.Execute("DROP TABLE raftd_keys; DROP TABLE raftd_meta", Name);
        Assert.Contains("but not raftd_keys, raftd_meta:", Refused(_url), StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_OnADatabaseThatIsNotThere_SaysSo()
    {
        Assert.Contains("does not exist", Refused(servers.Shared.UrlOf("nowhere")), StringComparison.Ordinal);
    }

    [Fact]
    public void Values_AreNotCompressed_AndKeysLeaveRoomInTheirPages()
    {
        PostgresServers.Prepared(_url).Dispose();
        Assert.Equal("e", servers.Shared.Execute(
            "SELECT DISTINCT attstorage FROM pg_attribute WHERE attname = 'v' AND attrelid IN ('raftd_keys'::regclass, 'raftd_revisions'::regclass)",
            Name));
        Assert.Equal("{fillfactor=80}", servers.Shared.Execute("SELECT reloptions FROM pg_class WHERE relname = 'raftd_keys'", Name));
    }

    private static string Refused(string url)
    {
        using var database = new PostgresDatabase(PostgresServers.TargetOf(url));
        var failure = Assert.Throws<DatabaseException>(database.Prepare);
        Assert.Equal(DatabaseFault.Wrong, failure.Fault);
        return failure.Message;
    }
}
