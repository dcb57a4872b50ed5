using Raftd.Sql.Database;
using Raftd.Testing.Databases;

namespace Raftd.Sql.Tests.Database;

/// <summary>How tables come to be, and which ones are refused. Derive, and give a server.</summary>
public abstract class SchemaContract
{
    private protected SchemaContract(IDatabaseServer server)
    {
        Server = server;
        Url = server.CreateDatabase();
    }

    private protected IDatabaseServer Server { get; }

    /// <summary>Of an empty database.</summary>
    private protected string Url { get; }

    [Fact]
    public void Prepare_Twice_KeepsTheClusterAndItsLog()
    {
        using var first = Prepared(Url);
        using (var session = first.Open())
        {
            new BatchScript(LogRow.First).Put("a", "1").Commit(session);
        }

        using var second = Prepared(Url);
        Assert.NotEqual(0UL, first.ClusterId);
        Assert.Equal(first.ClusterId, second.ClusterId);
        using var later = second.Open();
        Assert.Equal(2, later.LogFrom(1, 10).Count);
    }

    [Fact]
    public void Prepare_OfFrontsThatStartAtOnce_MakesOneCluster()
    {
        var databases = Enumerable.Range(0, 8).Select(_ => Make(Url)).ToList();
        Parallel.ForEach(databases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, static database => database.Prepare());
        Assert.Single(databases.Select(static database => database.ClusterId).Distinct());
        databases.ForEach(static database => database.Dispose());
    }

    [Fact]
    public void ClusterIds_OfTwoDatabases_Differ()
    {
        using var one = Prepared(Url);
        using var other = Prepared(Server.CreateDatabase());
        Assert.NotEqual(one.ClusterId, other.ClusterId);
    }

    [Theory]
    [InlineData(2, "tables of format 2, and this build knows formats up to 1: start the build that made them, or a newer one")]
    [InlineData(0, "tables of format 0, and this build needs 1")]
    public void Prepare_OnAnotherFormat_IsRefused_WithWhatToDo(long format, string text)
    {
        Prepared(Url).Dispose();
        Server.Query(Url, $"UPDATE raftd_buckets SET format = {format}");
        Assert.Contains(text, Refused(Url), StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_WhereSomeTablesAreGone_IsRefused_WithTheirNames()
    {
        Prepared(Url).Dispose();
        Server.Query(Url, "DROP TABLE raftd_keys; DROP TABLE raftd_meta");
        Assert.Contains("but not raftd_keys, raftd_meta:", Refused(Url), StringComparison.Ordinal);
    }

    private protected abstract IDatabase Make(string url);

    private protected IDatabase Prepared(string url)
    {
        var database = Make(url);
        database.Prepare();
        return database;
    }

    private protected string Refused(string url)
    {
        using var database = Make(url);
        var failure = Assert.Throws<DatabaseException>(database.Prepare);
        Assert.Equal(DatabaseFault.Wrong, failure.Fault);
        return failure.Message;
    }
}
