using Raftd.Sql.Database;
using Raftd.Testing.Databases;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.Database;

/// <summary>A server that dies, stands still and comes back. Derive, and give one of its own to each test.</summary>
public abstract class CrashContract : IDisposable
{
    private const int PutsOfABatch = 20;
    private const int KeysOfASet = 4;

    // More than the sockets between them hold, so that it is not even taken.
    private const int LargeBytes = 30 << 20;

    private static readonly TimeSpan GiveUpLimit = TimeSpan.FromSeconds(40);

    private readonly DatabaseServer _server;
    private readonly string _url;
    private IDatabase? _database;

    private protected CrashContract(DatabaseServer server) => (_server, _url) = (server, server.CreateDatabase());

    private IDatabase Database => _database ??= Prepared(_url, TimeSpan.FromSeconds(5));

    [Fact]
    public Task Killed_WhileItCommits_HasWholeBatches_AndSendingAgainTellsWhich() => StrikeAsync(() =>
    {
        _server.Kill();
        return _server.Restart;
    });

    [Fact]
    public Task ConnectionsBroken_WhileItCommits_LoseAndDoubleNothing() => StrikeAsync(() =>
    {
        _server.BreakConnections();
        return static () => { };
    });

    [Fact]
    public void ServerThatIsGone_IsAway_AndFoundAgain()
    {
        using (var session = Database.Open())
        {
            _server.Kill();
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => session.Snapshot([])).Fault);
        }

        var failure = Assert.Throws<DatabaseException>(Database.Open);
        Assert.Equal(DatabaseFault.Away, failure.Fault);
        Assert.Contains("does not answer", failure.Message, StringComparison.Ordinal);
        _server.Restart();
        using var later = Database.Open();
        Assert.Single(later.LogFrom(1, 10));
    }

    [Fact]
    public void ServerThatStandsStill_LeavesACommitUnknown_AReadAway_AndIsNoWay()
    {
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        using (var impatient = Prepared(_url, TimeSpan.FromSeconds(1)))
        using (ISession writer = impatient.Open(), reader = impatient.Open())
        {
            impatient.Open().Dispose(); // one more, that waits in the pool
            _server.Pause();
            Assert.Equal(DatabaseFault.Unknown, Assert.Throws<DatabaseException>(() => writer.Commit(batch)).Fault);
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(() => reader.Snapshot([])).Fault);
            Assert.Equal(DatabaseFault.Away, Assert.Throws<DatabaseException>(impatient.Open).Fault);
        }

        _server.Continue();
        Resolve(batch);
        AssertWhole(batch.Row, puts: 1);
    }

    /// <summary>What is sent does not fit into the sockets, so the sender stands still as well, and not for ever.</summary>
    [Fact]
    public async Task ServerThatStandsStill_AndTakesNothing_IsGivenUpOn()
    {
        var batch = new BatchScript(LogRow.First).Change((Bytes("a"), new byte[LargeBytes])).Take();
        using (var impatient = Prepared(_url, TimeSpan.FromSeconds(1)))
        using (var writer = impatient.Open())
        {
            _server.Pause();
            var commit = Task.Factory.StartNew(
                () => writer.Commit(batch), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await Task.WhenAny(commit, Task.Delay(GiveUpLimit, TestContext.Current.CancellationToken));
            var hasGivenUp = commit.IsCompleted;
            _server.Continue();
            Assert.True(hasGivenUp);
            var fault = (await Assert.ThrowsAsync<DatabaseException>(() => commit)).Fault;
            Assert.Contains(fault, new[] { DatabaseFault.Unknown, DatabaseFault.Away });
        }

        Resolve(batch);
        AssertWhole(batch.Row, puts: 1, areInline: false);
    }

    /// <summary>Before a slice, and before the end, which is the only thing whose outcome is not known.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(KeysOfASet)]
    public void Killed_InTheMiddleOfASet_HasNothingOfIt_AndSendingAgainDoesIt(int step)
    {
        var keys = Enumerable.Range(0, KeysOfASet).Select(static number => Bytes($"{number}")).ToList();
        var script = new BatchScript(LogRow.First).Change([.. keys.Select(static key => (key, (byte[]?)key))]);
        var steps = 0;
        Batch batch;
        using (var writer = Database.Open())
        {
            script.Commit(writer);
            batch = SetOf(script.Last, keys, () =>
            {
                if (steps++ == step)
                {
                    _server.Kill();
                }

                return false;
            });
            var fault = Assert.Throws<DatabaseException>(() => writer.Commit(batch)).Fault;
            Assert.Equal(step == KeysOfASet ? DatabaseFault.Unknown : DatabaseFault.Away, fault);
        }

        _server.Restart();
        AssertKeys(script.Last, KeysOfASet, versions: KeysOfASet);
        Resolve(batch);
        AssertKeys(batch.Row, 0, versions: 2 * KeysOfASet);
    }

    public void Dispose()
    {
        _database?.Dispose();
        _server.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract IDatabase Prepared(string url, TimeSpan commandTimeout);

    /// <param name="strike">Breaks all connections, and returns what mends it.</param>
    private async Task StrikeAsync(Func<Action> strike)
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
            var mend = strike();
            var undecided = await writer;
            mend();
            Resolve(undecided);
            AssertWhole(script.Last);
        }
    }

    /// <returns>The batch that was under way.</returns>
    private Batch WriteUntilItFails(BatchScript script, Action committed)
    {
        using var session = Database.Open();
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
        using var session = Database.Open();
        if (!session.Commit(batch))
        {
            Assert.Equal(batch.Row.Nonce, session.LogFrom(batch.Row.Seq, 1)[0].Nonce);
        }
    }

    /// <summary>The deletion of all keys, one in each slice.</summary>
    private static Batch SetOf(LogRow before, IEnumerable<byte[]> keys, Func<bool> isLate) => new()
    {
        Before = before,
        Row = before with { Seq = before.Seq + 1, Nonce = before.Nonce + 1, Chain = before.Chain + 1, Revision = before.Revision + 1, KeyCount = 0 },
        Deletion = new RangeDeletion
        {
            Revision = before.Revision + 1,
            Slices = [.. keys.Select(static key => new KeySlice(key, key, 1, key.Length, key.Length))],
            IsLate = isLate,
        },
    };

    private void AssertKeys(LogRow last, long live, int versions)
    {
        using var session = Database.Open();
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(last), Described.Of(snapshot.Last));
        Assert.Equal(live, snapshot.CountLive(new(Bytes("\0"), Bytes("\0"))));
        Assert.Equal(versions, snapshot.Changes(default, 1 << 20).Count);
    }

    private void AssertWhole(LogRow last, int puts = PutsOfABatch, bool areInline = true)
    {
        using var session = Database.Open();
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(last), Described.Of(snapshot.Last));
        Assert.Equal(last.KeyCount, snapshot.CountLive(new(Bytes("\0"), Bytes("\0"))));
        var changes = snapshot.Changes(default, 1 << 30);
        Assert.Equal((last.Seq - 1) * puts, changes.Count);
        Assert.Equal(Enumerable.Range(2, changes.Count).Select(static main => (long)main), changes.Select(static change => change.Revision.Main));
        Assert.All(changes.TakeLast(puts), change => Assert.Equal(areInline ? change.Value : null, snapshot.Find(change.Key)!.Value));
    }
}
