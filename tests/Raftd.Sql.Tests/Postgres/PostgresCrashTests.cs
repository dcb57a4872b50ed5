using Raftd.Sql.Database;
using Raftd.Sql.Postgres;
using Raftd.Sql.Tests.Database;
using Raftd.Testing.Databases;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.Postgres;

/// <summary>A server that dies, stands still and comes back.</summary>
public sealed class PostgresCrashTests : IDisposable
{
    private const int PutsOfABatch = 20;

    private readonly PostgresServer _server = PostgresServer.Start();
    private readonly string _url;
    private readonly PostgresDatabase _database;

    public PostgresCrashTests()
    {
        _url = _server.CreateDatabase();
        _database = PostgresServers.Prepared(_url);
    }

    [Fact]
    public async Task Killed_WhileItCommits_HasWholeBatches_AndSendingAgainTellsWhich()
    {
        const int Kills = 5;
        const int CommitsBetween = 40;
        var script = new BatchScript(LogRow.First);
        for (var kill = 0; kill < Kills; kill++)
        {
            var commits = 0;
            var writer = Task.Factory.StartNew(
                () => WriteUntilItFails(script, () => Interlocked.Increment(ref commits)),
                TestContext.Current.CancellationToken,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            SpinWait.SpinUntil(() => Volatile.Read(ref commits) >= CommitsBetween * (kill + 1) || writer.IsCompleted);
            _server.Kill();
            var undecided = await writer;
            _server.Restart();
            Resolve(undecided);
            AssertWhole(script.Last);
        }
    }

    [Fact]
    public void ServerThatIsGone_IsAway_AndFoundAgain()
    {
        using (var session = _database.Open())
        {
            _server.Kill();
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => session.Snapshot([])).Fault);
        }

        var failure = Assert.Throws<DatabaseException>(_database.Open);
        Assert.Equal(DatabaseFault.Away, failure.Fault);
        Assert.Contains("does not answer", failure.Message, StringComparison.Ordinal);
        _server.Restart();
        using var later = _database.Open();
        Assert.Single(later.LogFrom(1, 10));
    }

    [Fact]
    public void ServerThatStandsStill_LeavesACommitUnknown_AndAReadAway()
    {
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        using (var impatient = PostgresServers.Prepared(_url, new PostgresOptions { CommandTimeout = TimeSpan.FromSeconds(1) }))
        using (ISession writer = impatient.Open(), reader = impatient.Open())
        {
            _server.Pause();
            Assert.Equal(DatabaseFault.Unknown, Assert.Throws<DatabaseException>(() => writer.Commit(batch)).Fault);
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => reader.Snapshot([])).Fault);
        }

        _server.Continue();
        Resolve(batch);
        AssertWhole(batch.Row, puts: 1);
    }

    public void Dispose()
    {
        _database.Dispose();
        _server.Dispose();
    }

    /// <returns>The batch that was under way.</returns>
    private Batch WriteUntilItFails(BatchScript script, Action committed)
    {
        using var session = _database.Open();
        while (true)
        {
            var batch = NextBatch(script);
            try
            {
                Assert.True(session.Commit(batch));
                committed();
            }
            catch (DatabaseException failure)
            {
                Assert.Equal(DatabaseFault.Unknown, failure.Fault);
                return batch;
            }
        }
    }

    private static Batch NextBatch(BatchScript script)
    {
        for (var count = 0; count < PutsOfABatch; count++)
        {
            script.Put($"{count}", $"{script.Last.Seq}");
        }

        return script.Take();
    }

    /// <summary>As a front does it: the same again, which is either taken or refused because it is there.</summary>
    private void Resolve(Batch batch)
    {
        using var session = _database.Open();
        if (!session.Commit(batch))
        {
            Assert.Equal(batch.Row.Nonce, session.LogFrom(batch.Row.Seq, 1)[0].Nonce);
        }
    }

    private void AssertWhole(LogRow last, int puts = PutsOfABatch)
    {
        using var session = _database.Open();
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(last), Described.Of(snapshot.Last));
        Assert.Equal(last.KeyCount, snapshot.CountLive(new(Bytes("\0"), Bytes("\0"))));
        var changes = snapshot.Changes(default, 1 << 30);
        Assert.Equal((last.Seq - 1) * puts, changes.Count);
        Assert.Equal(Enumerable.Range(2, changes.Count).Select(static main => (long)main), changes.Select(static change => change.Revision.Main));
        Assert.All(changes.TakeLast(puts), change => Assert.Equal(change.Value, snapshot.Find(change.Key)!.Value));
    }
}
