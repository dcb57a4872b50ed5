using System.Globalization;
using Raftd.Sql.Database;
using Raftd.Sql.MySql;
using Raftd.Sql.Tests.Database;
using Raftd.State.Keyspaces;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.MySql;

/// <summary>What is told of errors of the server, and what a session leaves behind.</summary>
public sealed class MySqlFaultTests(OneMariaDb one) : IClassFixture<OneMariaDb>
{
    private const string CopyLastRow =
        """
        START TRANSACTION; INSERT INTO raftd_log SELECT bucket, seq + 1, epoch, leader, front, nonce, rev, compact_rev, key_count,
        logical_bytes, history_bytes, chain, at_ms, deltas FROM raftd_log
        """;

    private static readonly MySqlOptions Short = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(2),
        CommandTimeout = TimeSpan.FromSeconds(2),
        MaxConnections = 1,
    };

    [Theory]
    [InlineData(1213, DatabaseFault.Again)]
    [InlineData(1205, DatabaseFault.Again)]
    [InlineData(9007, DatabaseFault.Again)]
    [InlineData(8022, DatabaseFault.Again)]
    [InlineData(1114, DatabaseFault.Full)]
    [InlineData(1021, DatabaseFault.Full)]
    [InlineData(1290, DatabaseFault.Away)]
    [InlineData(1040, DatabaseFault.Away)]
    [InlineData(1317, DatabaseFault.Unknown)]
    [InlineData(1969, DatabaseFault.Unknown)]
    [InlineData(1053, DatabaseFault.Unknown)]
    [InlineData(9001, DatabaseFault.Unknown)]
    [InlineData(1062, DatabaseFault.Wrong)]
    [InlineData(1142, DatabaseFault.Wrong)]
    internal void Error_OfTheServer_SaysWhatIsSure(int code, DatabaseFault fault)
    {
        using var database = one.Emptied();
        one.Execute(
            "CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON raftd_keys FOR EACH ROW "
            + $"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'in the words of the server'");
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        using (var session = database.Open())
        {
            var failure = Assert.Throws<DatabaseException>(() => session.Commit(batch));
            Assert.Equal(fault, failure.Fault);
            Assert.Contains("in the words of the server", failure.Message, StringComparison.Ordinal);
            Assert.Contains($"(error {code})", failure.Message, StringComparison.Ordinal);
        }

        one.Execute("DROP TRIGGER fail");
        using var another = database.Open();
        Assert.True(another.Commit(batch));
    }

    [Theory]
    [InlineData(1317, DatabaseFault.Again)]
    [InlineData(1053, DatabaseFault.Away)]
    [InlineData(1213, DatabaseFault.Again)]
    internal void Error_OfTheServer_InARead_HasChangedNothing(int code, DatabaseFault fault) => Assert.Equal(
        fault,
        MySqlFaults.Of(
            new MySqlFailure(code, "", isForGood: false, null), mayHaveWritten: false, MariaDbServers.TargetOf("mysql://u@h/d")).Fault);

    /// <summary>Its last packet alone may have been done; in each of the others the transaction was still open.</summary>
    [Fact]
    public void ConnectionLost_BeforeTheEndOfALargeBatchWasSent_HasChangedNothing()
    {
        using var database = one.Emptied();
        one.Execute(
            "CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON raftd_revisions FOR EACH ROW "
            + "SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1053, MESSAGE_TEXT = 'going down'");
        var batch = new BatchScript(LogRow.First)
            .Change([.. Enumerable.Range(0, 12).Select(static at => (Bytes($"{at}"), (byte[]?)new byte[500_000]))]).Take();
        using (var session = database.Open())
        {
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
        }

        one.Execute("DROP TRIGGER fail");
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
    public void Key_ThatIsTooLong_IsRefused_AndNotCut()
    {
        using var database = one.Emptied();
        var script = new BatchScript(LogRow.First);
        var batch = script.Change((new byte[SqlLimits.MaxKeyBytes + 1], Bytes("1"))).Take();
        using var session = database.Open();
        Assert.Equal(DatabaseFault.Wrong, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
    }

    [Fact]
    public void Deltas_ThatNoPacketHolds_AreRefused_BeforeAnythingIsSent()
    {
        using var database = one.Emptied();
        using var session = database.Open();
        var batch = new BatchScript(LogRow.First).Take();
        Assert.True(session.Commit(batch with { Row = batch.Row with { Deltas = new byte[7 << 20] } }));
        Assert.Equal(7 << 20, session.LogFrom(2, 1)[0].Deltas.Length);
        var next = new BatchScript(batch.Row).Take();
        var failure = Assert.Throws<DatabaseException>(() => session.Commit(next with { Row = next.Row with { Deltas = new byte[8 << 20] } }));
        Assert.Equal(DatabaseFault.Wrong, failure.Fault);
        Assert.Contains("SET GLOBAL max_allowed_packet", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ValueWithoutItsPieces_IsWrong()
    {
        using var database = one.Emptied();
        using var session = database.Open();
        new BatchScript(LogRow.First).Change((Bytes("a"), new byte[1_200_000])).Commit(session);
        one.Execute("DELETE FROM raftd_chunks WHERE part = 1");
        using var snapshot = session.Snapshot([]);
        Assert.Equal(DatabaseFault.Wrong, Assert.Throws<DatabaseException>(() => snapshot.ValuesOf([new Revision(2, 0)])).Fault);
    }

    [Fact]
    public void Sweep_TakesThePiecesOfValuesWithThem()
    {
        using var database = one.Emptied();
        using var session = database.Open();
        new BatchScript(LogRow.First).Change((Bytes("a"), new byte[1_200_000])).Change((Bytes("a"), new byte[600_000])).Commit(session);
        Assert.Equal("5", one.Execute("SELECT COUNT(*) FROM raftd_chunks"));
        session.Sweep(default, 3, 100);
        Assert.Equal("2", one.Execute("SELECT COUNT(*) FROM raftd_chunks"));
    }

    [Fact]
    public void Commit_BehindAWriterThatStandsStill_GivesUp_HavingChangedNothing()
    {
        using var database = one.Emptied(Short);
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        using (var other = one.Connect())
        {
            other.Run(CopyLastRow, TimeSpan.FromSeconds(5), static _ => { });
            using var session = database.Open();
            Assert.Equal(DatabaseFault.Again, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
        }

        using var another = database.Open();
        Assert.True(another.Commit(batch));
    }

    [Fact]
    public void Connection_ThatTheServerEnds_IsLost()
    {
        using var database = one.Emptied();
        using (var session = database.Open())
        {
            session.Swept();
            one.Execute($"KILL {Connection()}");
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => session.Snapshot([])).Fault);
        }

        using var later = database.Open();
        later.Swept();
        one.Execute($"KILL {Connection()}");
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        Assert.Equal(DatabaseFault.Unknown, Assert.Throws<DatabaseException>(() => later.Commit(batch)).Fault);
    }

    [Fact]
    public void Connections_ThatWait_AreThrownAway_WhereOneIsLost()
    {
        using var database = one.Emptied();
        using (database.Open())
        using (database.Open())
        {
            // Two connections, which now wait.
        }

        one.Execute(string.Concat(Connections().Select(static id => $"KILL {id};")));
        using (var first = database.Open())
        {
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => first.Snapshot([])).Fault);
        }

        using var second = database.Open();
        Assert.Single(second.LogFrom(1, 10));
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
        var connection = ConnectionOf(database);
        for (var round = 0; round < 3; round++)
        {
            using (var session = database.Open())
            {
                session.Snapshot([]).Dispose();
            }

            Assert.Equal("0", OpenTransactions());
            using (var session = database.Open())
            {
                Assert.False(session.Commit(new BatchScript(LogRow.First with { Chain = 1 }).Take()));
            }

            Assert.Equal("0", OpenTransactions());
        }

        Assert.Equal(connection, ConnectionOf(database));
    }

    [Fact]
    public void Session_ThatHasFailed_IsNotPooled()
    {
        using var database = one.Emptied(Short);
        var connection = ConnectionOf(database);
        using (var session = database.Open())
        {
            one.Execute("RENAME TABLE raftd_fronts TO elsewhere");
            var failure = Assert.Throws<DatabaseException>(session.Fronts);
            one.Execute("RENAME TABLE elsewhere TO raftd_fronts");
            Assert.Equal(DatabaseFault.Wrong, failure.Fault);
            Assert.Contains("raftd_fronts", failure.Message, StringComparison.Ordinal);
        }

        Assert.NotEqual(connection, ConnectionOf(database), StringComparer.Ordinal);
    }

    [Fact]
    public void Statements_ReadNoTableWhole()
    {
        const int Keys = 5000;
        using var database = one.Emptied();
        using var session = database.Open();
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < Keys; count++)
        {
            script.Put($"key{count}", "value");
        }

        script.Commit(session);
        one.Execute("SET GLOBAL userstat = ON; FLUSH TABLE_STATISTICS");
        for (var round = 0; round < 3; round++)
        {
            CallEverything(session, script.Put("a", "1").Delete("a"));
        }

        var most = one.Execute(
            "SELECT MAX(rows_read), SUM(rows_read) > 0 FROM information_schema.table_statistics WHERE table_schema = DATABASE()").Split('\t');
        one.Execute("SET GLOBAL userstat = OFF");
        Assert.Equal("1", most[1]);
        Assert.InRange(long.Parse(most[0], CultureInfo.InvariantCulture), 1, Keys - 1);
    }

    private static void CallEverything(ISession session, BatchScript script)
    {
        script.Commit(session);
        var everything = new KeyRange(new byte[] { 0 }, new byte[] { 0 });
        using (var snapshot = session.Snapshot([Bytes("a"), Bytes("key7")]))
        {
            snapshot.Find(Bytes("key8"));
            snapshot.LiveIn(everything, Bytes("k"), false, 10, withValues: true);
            snapshot.LiveIn(everything, Bytes("kez"), true, 10, withValues: false);
            snapshot.CountLive(new KeyRange(Bytes("key17"), Bytes("key18")));
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

    /// <summary>The only one to this database, once those that were closed are gone.</summary>
    private string Connection()
    {
        string[] all = [];
        Assert.True(SpinWait.SpinUntil(() => (all = Connections()).Length == 1, TimeSpan.FromSeconds(30)), $"there are {all.Length}");
        return all[0];
    }

    private string[] Connections() => one.Execute(
        $"SELECT id FROM information_schema.processlist WHERE db = '{one.Name}' AND id <> CONNECTION_ID()").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private string OpenTransactions() => one.Execute(
        $"SELECT COUNT(*) FROM information_schema.innodb_trx JOIN information_schema.processlist ON id = trx_mysql_thread_id WHERE db = '{one.Name}'");

    private string ConnectionOf(MySqlDatabase database)
    {
        using (database.Open())
        {
            return Connection();
        }
    }
}
