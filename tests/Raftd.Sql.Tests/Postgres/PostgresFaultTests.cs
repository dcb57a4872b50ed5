using System.Globalization;
using Npgsql;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>What is told of errors of the server, and what a session leaves behind.</summary>
public sealed class PostgresFaultTests(OneDatabase one) : IClassFixture<OneDatabase>
{
    private static readonly PostgresOptions Short = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        CommandTimeout = TimeSpan.FromSeconds(2),
        MaxConnections = 1,
    };

    [Theory]
    [InlineData("40001", DatabaseFault.Again)]
    [InlineData("40P01", DatabaseFault.Again)]
    [InlineData("55P03", DatabaseFault.Again)]
    [InlineData("57014", DatabaseFault.Again)]
    [InlineData("53100", DatabaseFault.Full)]
    [InlineData("25006", DatabaseFault.Away)]
    [InlineData("40003", DatabaseFault.Unknown)]
    [InlineData("57P01", DatabaseFault.Unknown)]
    [InlineData("08006", DatabaseFault.Unknown)]
    [InlineData("42501", DatabaseFault.Wrong)]
    [InlineData("XX001", DatabaseFault.Wrong)]
    internal void Error_OfTheServer_SaysWhatIsSure(string code, DatabaseFault fault)
    {
        using var database = one.Emptied();
        one.Execute(
            $"""
            CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN RAISE EXCEPTION ''in the words of the server'' USING ERRCODE = ''{code}''; END';
            CREATE TRIGGER fail BEFORE INSERT ON raftd_keys EXECUTE FUNCTION fail()
            """);
        var script = new BatchScript(LogRow.First);
        var batch = script.Put("a", "1").Take();
        using (var session = database.Open())
        {
            var failure = Assert.Throws<DatabaseException>(() => session.Commit(batch));
            Assert.Equal(fault, failure.Fault);
            Assert.Contains("in the words of the server", failure.Message, StringComparison.Ordinal);
            Assert.Contains(code, failure.Message, StringComparison.Ordinal);
        }

        one.Execute("DROP TRIGGER fail ON raftd_keys");
        using var another = database.Open();
        Assert.True(another.Commit(batch));
    }

    [Fact]
    public void Revision_ThatIsThereAlready_IsNoLostRace()
    {
        using var database = one.Emptied();
        using var session = database.Open();
        var script = new BatchScript(LogRow.First);
        var first = script.Put("a", "1").Take();
        Assert.True(session.Commit(first));
        var failure = Assert.Throws<DatabaseException>(() => session.Commit(script.Take() with { Versions = first.Versions }));
        Assert.Equal(DatabaseFault.Wrong, failure.Fault);
    }

    [Fact]
    public void Table_ThatIsGone_IsWrong_InTheWordsOfTheDatabase()
    {
        using var database = one.Emptied();
        one.Execute("ALTER TABLE raftd_meta RENAME TO elsewhere");
        try
        {
            using var session = database.Open();
            using var snapshot = session.Snapshot([]);
            var failure = Assert.Throws<DatabaseException>(snapshot.Meta);
            Assert.Equal(DatabaseFault.Wrong, failure.Fault);
            Assert.Contains("raftd_meta", failure.Message, StringComparison.Ordinal);
        }
        finally
        {
            one.Execute("ALTER TABLE elsewhere RENAME TO raftd_meta");
        }
    }

    [Fact]
    public void Commit_BehindAWriterThatStandsStill_GivesUp_HavingChangedNothing()
    {
        using var database = one.Emptied(Short);
        using var session = database.Open();
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        using (var other = one.Connect())
        using (var transaction = other.BeginTransaction())
        {
            using var insert = new NpgsqlCommand("INSERT INTO raftd_log SELECT bucket, seq + 1, epoch, leader, front, nonce, rev, compact_rev, "
                + "key_count, logical_bytes, history_bytes, chain, at_ms, deltas FROM raftd_log", other);
            insert.ExecuteNonQuery();
            Assert.Equal(DatabaseFault.Again, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
            session.Dispose();
        }

        using var another = database.Open();
        Assert.True(another.Commit(batch));
    }

    [Fact]
    public void Connections_BeyondTheLimit_AreAway_AndCanBeHadLater()
    {
        using var database = one.Emptied(Short);
        using (database.Open())
        {
            var failure = Assert.Throws<DatabaseException>(database.Open);
            Assert.Equal(DatabaseFault.Away, failure.Fault);
            Assert.Contains("all 1 connections are in use", failure.Message, StringComparison.Ordinal);
        }

        using var later = database.Open();
        Assert.Single(later.LogFrom(1, 10));
    }

    [Fact]
    public void Session_ThatIsGivenBack_LeavesNoTransaction_AndKeepsItsConnection()
    {
        using var database = one.Emptied(Short);
        var process = ProcessOf(database);
        for (var round = 0; round < 3; round++)
        {
            using (var session = database.Open())
            {
                session.Snapshot([]).Dispose();
            }

            Assert.Equal("idle", StateOf(process));
            using (var session = database.Open())
            {
                Assert.False(session.Commit(new BatchScript(LogRow.First with { Chain = 1 }).Take()));
            }

            Assert.Equal("idle", StateOf(process));
        }

        Assert.Equal(process, ProcessOf(database));
    }

    [Fact]
    public void Session_ThatHasFailed_IsNotPooled()
    {
        using var database = one.Emptied(Short);
        var process = ProcessOf(database);
        using (var session = database.Open())
        {
            one.Execute("ALTER TABLE raftd_fronts RENAME TO elsewhere");
            Assert.Throws<DatabaseException>(session.Fronts);
            one.Execute("ALTER TABLE elsewhere RENAME TO raftd_fronts");
        }

        Assert.NotEqual(process, ProcessOf(database));
    }

    /// <summary>Plans that were made while the tables were empty, and are kept, go by an index when they are large.</summary>
    [Fact]
    public void Statements_ReadNoTableWhole()
    {
        const int Keys = 5000;
        using (var database = one.Emptied())
        using (var session = database.Open())
        {
            var script = new BatchScript(LogRow.First);
            for (var round = 0; round < 10; round++)
            {
                CallEverything(session, script.Put("a", "1").Delete("a"));
            }

            // Connections tell their figures when they end, and those of the preparation end about now: only this one stays.
            WaitForConnections(1);
            one.Execute("SELECT pg_stat_reset()");
            for (var count = 0; count < Keys; count++)
            {
                script.Put($"key{count}", "value");
            }

            script.Commit(session);
            for (var round = 0; round < 3; round++)
            {
                CallEverything(session, script.Put("a", "1").Delete("a"));
            }
        }

        WaitForConnections(0);
        Assert.Equal("", one.Query(
            """
            SELECT string_agg(relname, ' ') FROM pg_stat_user_tables
            WHERE seq_tup_read > 0 AND relname NOT IN ('raftd_fronts', 'raftd_buckets')
            """));
        Assert.True(long.Parse(one.Query("SELECT sum(idx_tup_fetch) FROM pg_stat_user_tables"), CultureInfo.InvariantCulture) > 0);
    }

    /// <summary>The server has not counted the table: it takes the rows of a bucket for a few.</summary>
    [Fact]
    public void ValuesOf_ManyVersions_LookUpEachByItself()
    {
        const int Versions = 5000;
        const int Asked = 500;
        using (var database = one.Emptied())
        using (var session = database.Open())
        {
            var script = new BatchScript(LogRow.First);
            for (var count = 0; count < Versions; count++)
            {
                script.Put($"key{count}", "value");
            }

            script.Commit(session);
            WaitForConnections(1);
            one.Execute("SELECT pg_stat_reset()");
            using var snapshot = session.Snapshot([]);
            var values = snapshot.ValuesOf([.. Enumerable.Range(1, Asked).Select(static at => new Revision(1 + (at * (Versions / Asked)), 0))]);
            Assert.All(values, static value => Assert.Equal(Bytes("value"), value));
        }

        WaitForConnections(0);
        Assert.InRange(RowsRead("raftd_revisions"), Asked, Versions / 2);
    }

    [Theory]
    [InlineData("raftd_keys")]
    [InlineData("raftd_leases")]
    [InlineData("raftd_lease_keys")]
    public void Deletions_OfManyRows_LookUpEachByItself(string table)
    {
        const int Rows = 5000;
        const int Deleted = 500;
        using (var database = one.Emptied())
        using (var session = database.Open())
        {
            var script = new BatchScript(LogRow.First);
            var leases = Enumerable.Range(1, Rows).Select(LeaseOf).ToList();
            foreach (var lease in leases)
            {
                script.Put($"key{lease.Id}", "value");
            }

            Assert.True(session.Commit(script.Take() with
            {
                Leases = [.. leases.Select(static lease => new LeaseRowChange(lease.Id, lease))],
                LeaseKeys = [.. leases.Select(static lease => KeyOf(lease, new LeaseKeyRecord(OwnDeadline: false, 2)))],
            }));
            WaitForConnections(1);
            one.Execute("SELECT pg_stat_reset()");
            var ended = leases.Where(static lease => lease.Id % (Rows / Deleted) == 0).ToList();
            foreach (var lease in ended)
            {
                script.Delete($"key{lease.Id}");
            }

            Assert.True(session.Commit(script.Take() with
            {
                Leases = [.. ended.Select(static lease => new LeaseRowChange(lease.Id, null))],
                LeaseKeys = [.. ended.Select(static lease => KeyOf(lease, null))],
            }));
        }

        WaitForConnections(0);
        Assert.InRange(RowsRead(table), Deleted, Rows / 2);
        Assert.Equal($"{Rows - Deleted}", one.Query($"SELECT count(*) FROM {table}"));
    }

    [Fact]
    public void Sweep_OfOneStep_LooksUpEachVersionByItself()
    {
        const int Keys = 5000;
        const int Swept = 500;
        using (var database = one.Emptied())
        using (var session = database.Open())
        {
            var script = new BatchScript(LogRow.First);
            for (var count = 0; count < Keys + Swept; count++)
            {
                script.Put($"key{count % Keys}", "value");
            }

            script.Commit(session);
            WaitForConnections(1);
            one.Execute("SELECT pg_stat_reset()");
            var last = script.Last.Revision;
            session.Sweep(new Revision(last - Swept + 1, 0), last, Swept);
        }

        WaitForConnections(0);
        Assert.InRange(RowsRead("raftd_revisions"), Swept, Keys / 2);
        Assert.Equal($"{Keys}", one.Query("SELECT count(*) FROM raftd_revisions"));
    }

    private static LeaseRecord LeaseOf(int id) => new()
    {
        Id = id,
        Name = Bytes($"/{id}"),
        TtlSeconds = 10,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = false,
        Generation = 1,
    };

    private static LeaseKeyRowChange KeyOf(LeaseRecord lease, LeaseKeyRecord? record) => new(lease.Id, Bytes($"key{lease.Id}"), record);

    /// <summary>Since figures were reset, by all connections that have ended.</summary>
    private int RowsRead(string table) => int.Parse(
        one.Query($"SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE relname = '{table}'"), CultureInfo.InvariantCulture);

    private void WaitForConnections(int others) => Assert.True(SpinWait.SpinUntil(
        () => one.Query("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()") == $"{others}",
        TimeSpan.FromSeconds(30)));

    private static void CallEverything(ISession session, BatchScript script)
    {
        script.Commit(session);
        var everything = new KeyRange(new byte[] { 0 }, new byte[] { 0 });
        using (var snapshot = session.Snapshot([Bytes("a"), Bytes("key7")]))
        {
            snapshot.Find(Bytes("key8"));
            snapshot.LiveIn(everything, Bytes("k"), false, 10, withValues: true);
            snapshot.LiveIn(everything, Bytes("kez"), true, 10, withValues: false);
            snapshot.CountLive(new KeyRange(Bytes("key1"), Bytes("key2")));
            snapshot.VersionsIn(everything, Bytes("k"), default, long.MaxValue, 10);
            snapshot.VersionsOf(Bytes("key7"), new Revision(long.MaxValue, 0), 10);
            snapshot.Changes(new Revision(script.Last.Revision - 3, 0), 1 << 20);
            snapshot.ValuesOf([new Revision(script.Last.Revision, 0)]);
            snapshot.Leases(1, 10);
            snapshot.LeaseKeys(1, default, 10);
            snapshot.Meta();
        }

        session.LogFrom(script.Last.Seq, 10);
        session.Sweep(new Revision(script.Last.Revision - 3, 0), script.Last.Revision, 10);
        session.TrimLog(2, 10);
    }

    private string StateOf(int process) =>
        one.Query($"SELECT state FROM pg_stat_activity WHERE pid = {process}");

    /// <summary>Of the only connection.</summary>
    private int ProcessOf(PostgresDatabase database)
    {
        using (database.Open())
        {
            var id = one.Query("SELECT max(pid) FROM pg_stat_activity WHERE application_name = 'raftd' AND datname = current_database()");
            return int.Parse(id, CultureInfo.InvariantCulture);
        }
    }
}
