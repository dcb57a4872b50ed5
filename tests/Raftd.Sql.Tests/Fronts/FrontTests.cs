using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Memory;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>What fronts do together, and where a database fails them: over a database in memory, with their own threads.</summary>
public sealed class FrontTests : IAsyncDisposable
{
    private readonly MemoryDatabase _database = new();
    private readonly List<SqlFront> _fronts = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }
    }

    [Fact]
    public async Task Watch_OnOneFront_BringsWhatAnotherWrites()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        using var session = second.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("watched") });
        Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);
        var written = await PutAsync(first, "watched", "value");

        var message = await session.ReadAsync(Stop);
        Assert.Equal(("value", written), (Text(message.Events[0].Key.Value), message.Revision));
    }

    /// <summary>The second front looks at the log when it is made to, and takes its time: a watch that does not wait begins before that.</summary>
    [Fact]
    public async Task Watch_FromNowOn_BeginsBehindWhatWasReadHereBefore()
    {
        var first = await FrontAsync();
        var isSlow = false;
        var slow = SlowWhere(call => isSlow && call == nameof(ISession.LogFrom));
        var second = await FrontAsync(new FrontOptions { PollInterval = TimeSpan.FromHours(1) }, slow);
        isSlow = true;
        var before = await PutAsync(first, "watched", "before");
        Assert.Equal("before", await GetAsync(second, "watched"));

        using var session = second.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("watched") });
        session.RequestProgress();
        var (created, progress) = (await session.ReadAsync(Stop), await session.ReadAsync(Stop));
        Assert.Equal((WatchMessageKind.Created, before), (created.Kind, created.Revision));
        Assert.Equal((WatchMessageKind.Progress, before), (progress.Kind, progress.Revision));
        var written = await PutAsync(second, "watched", "after");
        var message = await session.ReadAsync(Stop);
        Assert.Equal(("after", written), (Text(message.Events[0].Key.Value), message.Revision));
    }

    [Fact]
    public async Task Lease_IsRenewedThroughAFrontThatDoesNotLead()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        var other = first.Cluster.IsLeader ? second : first;
        var lease = await other.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "/l", TtlSeconds = 60 }, Stop);
        var renewed = await other.Leases.KeepAliveAsync(
            Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id, Key = Bytes("k"), Data = Bytes("v") }, Stop);

        Assert.Equal(60, renewed.TtlSeconds);
        Assert.Equal("v", await GetAsync(first, $"/l/{lease.Id}/k"));
        var refused = await Assert.ThrowsAsync<StoreException>(
            async () => await other.Leases.TimeToLiveAsync(Caller.Nobody, lease.Id, Stop));
        Assert.Equal(ErrorCode.NoLeader, refused.Code);
    }

    [Fact]
    public async Task Leader_Stopped_IsFollowedByAnother_AndItsLeasesEndInTime()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        var leader = first.Cluster.IsLeader ? first : second;
        var other = leader == first ? second : first;
        var lease = await other.Leases.GrantAsync(
            Caller.Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 2, Kind = LeaseKind.Etcd }, Stop);
        await other.KeyValues.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("leased"), Value = Bytes("v"), Lease = lease.Id }, Stop);
        _fronts.Remove(leader);
        await leader.DisposeAsync();

        await Until.TrueAsync("the other one leads", () => other.Cluster.IsLeader);
        await Until.TrueAsync("the lease has ended", async () => await GetAsync(other, "leased") is null);
    }

    [Fact]
    public async Task Leader_HandsOver_ToAFrontThatGivesSignsOfLife()
    {
        // Beats are quick here, and each look finds a new one: that must not make a front look as if it were first seen.
        var limits = new FrontOptions { BeatInterval = TimeSpan.FromMilliseconds(20), LeaderSilence = TimeSpan.FromSeconds(60) };
        var (first, second) = (await FrontAsync(limits), await FrontAsync(limits));
        var leader = first.Cluster.IsLeader ? first : second;
        var other = leader == first ? second : first;
        var beats = BeatsOf(other);
        await Until.TrueAsync("the other front has given signs of life", () => BeatsOf(other) > beats + 10);

        await leader.HandOverAsync();

        Assert.False(leader.Cluster.IsLeader);
        await Until.TrueAsync("the other one leads", () => other.Cluster.IsLeader);
    }

    /// <summary>The first has looked at the fronts before the second came, and looks again in an hour.</summary>
    [Fact]
    public async Task Members_OfAFront_HaveTheOneThatServesSinceJustNow()
    {
        var first = await FrontAsync(new FrontOptions { BeatInterval = TimeSpan.FromHours(1) });
        await FrontAsync(database: SlowWhere(static call => call == nameof(ISession.Beat)));
        Assert.Equal("front0 front1", await LabelsAsync(first, ReadLevel.Linearizable));
    }

    /// <summary>A front that was killed stays in the table for a while, its name is another's by then.</summary>
    [Fact]
    public async Task Members_AreListedOnce_WhereOneWasKilledAndStartedAgain()
    {
        var front = await FrontAsync(new FrontOptions { BeatInterval = TimeSpan.FromMilliseconds(20), LeaderSilence = TimeSpan.FromSeconds(1) });
        var self = _database.Tables.Fronts[front.Cluster.Origin.MemberId];
        using (var session = _database.Open())
        {
            session.Beat(self with { Id = 77 });
            session.Beat(self with { Id = 78, Label = "another" });
        }

        await Until.TrueAsync("the former one is listed no more", async () => await LabelsAsync(front) == $"another {self.Label}");
        Assert.Contains(77UL, _database.Tables.Fronts.Keys);
    }

    [Fact]
    public async Task Database_GoesBack_IsFencedByTheFrontsThatKnewMore_AndServedAfterARestart()
    {
        var front = await FrontAsync();
        await PutAsync(front, "kept", "1");
        var before = _database.Tables;
        await PutAsync(front, "lost", "2");
        _database.Restore(before);

        await Until.TrueAsync("the front has noticed", async () => await RefusedAsync(front));
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PutAsync(front, "new", "3"));
        Assert.Equal(ErrorCode.NotReady, refused.Code);
        Assert.Contains("lost history", refused.Message, StringComparison.Ordinal);
        Assert.Contains("FENCED", front.Cluster.Status().Alarms, StringComparer.Ordinal);
        Assert.Equal(before, _database.Tables with { Fronts = before.Fronts, Swept = before.Swept });

        var again = await FrontAsync();
        Assert.Equal("1", await GetAsync(again, "kept"));
        Assert.Null(await GetAsync(again, "lost"));
        await PutAsync(again, "new", "3");
    }

    [Fact]
    public async Task Quota_IsFull_RefusesWhatGrows_RaisesTheAlarm_AndClearsItByItself()
    {
        var front = await FrontAsync(new FrontOptions { QuotaBytes = 10_000 });
        await PutAsync(front, "large", new string('v', 9_000));
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PutAsync(front, "more", new string('v', 2_000)));
        Assert.Equal(ErrorCode.NoSpace, refused.Code);
        await Until.TrueAsync("the alarm stands", () => front.Cluster.Status().Alarms.Contains("NOSPACE", StringComparer.Ordinal));
        await PutAsync(front, "large", new string('w', 9_000));
        await front.KeyValues.DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = Bytes("large") }, Stop);
        await Until.TrueAsync("the alarm is cleared", () => front.Cluster.Status().Alarms.Count == 0);
        await PutAsync(front, "more", new string('v', 2_000));
    }

    [Fact]
    public async Task Compaction_IsSwept_AndItsBytesAreCountedOff()
    {
        var front = await FrontAsync();
        for (var number = 0; number < 10; number++)
        {
            await PutAsync(front, "k", new string('v', 100));
        }

        var revision = front.Cluster.Revision;
        var answer = await front.KeyValues.CompactAsync(
            Caller.Nobody, new CompactRequest { Revision = revision, AwaitDeletion = true }, Stop);
        Assert.True(answer.IsDeleted);
        Assert.Single(_database.Tables.Versions);
        var status = front.Cluster.Status();
        Assert.Equal((1 + 100 + 64, 0L), (status.LogicalBytes, status.HistoryBytes));
    }

    /// <summary>What is of the compact revision itself is read by watches that begin there, until the next compaction.</summary>
    [Fact]
    public async Task Compaction_SweepsWhatTheOneBeforeHadToKeep()
    {
        var front = await FrontAsync();
        await PutAsync(front, "gone", "v");
        var deleted = await front.KeyValues.DeleteRangeAsync(Caller.Nobody, new DeleteRangeRequest { Key = Bytes("gone") }, Stop);
        await CompactAsync(front, deleted.Revision);
        Assert.Equal(deleted.Revision, Assert.Single(_database.Tables.Versions).Key.Main);

        await CompactAsync(front, await PutAsync(front, "stays", "v"));
        Assert.Equal("stays", Text(Assert.Single(_database.Tables.Versions).Value.Record.Key));
    }

    /// <summary>The key of a keepalive is known once it is evaluated, together with other commands.</summary>
    [Fact]
    public async Task Keepalive_WhoseKeyIsLongerThanIndexesHold_IsRefused_AndNothingElse()
    {
        var front = await FrontAsync();
        var lease = await front.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "/l", TtlSeconds = 60 }, Stop);
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await front.Leases.KeepAliveAsync(
            Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id, Key = new byte[SqlLimits.MaxKeyBytes], Data = Bytes("v") }, Stop));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
        Assert.Contains("takes keys of 2048 at most", refused.Message, StringComparison.Ordinal);
        await PutAsync(front, "k", "v");
    }

    [Fact]
    public async Task Key_LongerThanIndexesHold_IsRefused()
    {
        var front = await FrontAsync();
        await PutAsync(front, new string('k', SqlLimits.MaxKeyBytes), "v");
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await PutAsync(front, new string('k', SqlLimits.MaxKeyBytes + 1), "v"));
        Assert.Equal(ErrorCode.TooLarge, refused.Code);
    }

    [Fact]
    public async Task Fronts_ThatWriteAtOnce_CountEachWriteOnce()
    {
        const int Writes = 200;
        var fronts = new[] { await FrontAsync(), await FrontAsync(), await FrontAsync() };
        await Task.WhenAll(fronts.Select(async (front, number) =>
        {
            for (var write = 0; write < Writes; write++)
            {
                await PutAsync(front, $"front-{number}", $"{write}");
            }
        }));

        foreach (var number in Enumerable.Range(0, fronts.Length))
        {
            var key = new RangeRequest { Key = Bytes($"front-{number}") };
            var item = (await fronts[(number + 1) % fronts.Length].KeyValues.RangeAsync(Caller.Nobody, key, Stop)).Items[0];
            Assert.Equal((Writes, $"{Writes - 1}"), (item.Version, Text(item.Value)));
        }

        Assert.Equal(1 + (Writes * fronts.Length), _database.Tables.Last.Revision);
    }

    private static async Task CompactAsync(SqlFront front, long revision)
    {
        var answer = await front.KeyValues.CompactAsync(
            Caller.Nobody, new CompactRequest { Revision = revision, AwaitDeletion = true }, Stop);
        Assert.True(answer.IsDeleted);
    }

    private static async Task<bool> RefusedAsync(SqlFront front)
    {
        try
        {
            await GetAsync(front, "kept");
            return false;
        }
        catch (StoreException)
        {
            return true;
        }
    }

    private static async Task<long> PutAsync(SqlFront front, string key, string value) => (await front.KeyValues.PutAsync(
        Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value) }, Stop)).Revision;

    private static async Task<string?> GetAsync(SqlFront front, string key)
    {
        var answer = await front.KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = Bytes(key) }, Stop);
        return answer.Items is [{ } item] ? Text(item.Value) : null;
    }

    private static async Task<string> LabelsAsync(SqlFront front, ReadLevel level = ReadLevel.Stale) =>
        string.Join(' ', (await front.Cluster.MembersAsync(Caller.Nobody, level, Stop)).Members.Select(static member => member.Label));

    private long BeatsOf(SqlFront front) => _database.Tables.Fronts[front.Cluster.Origin.MemberId].Beat;

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private IDatabase SlowWhere(Func<string, bool> isSlow) => FailingCalls.Of(_database, call =>
    {
        if (isSlow(call))
        {
            Thread.Sleep(TimeSpan.FromMilliseconds(200));
        }

        return false;
    });

    private async Task<SqlFront> FrontAsync(FrontOptions? limits = null, IDatabase? database = null)
    {
        var front = await FrontOver.StartAsync(database ?? _database, $"front{_fronts.Count}", limits);
        _fronts.Add(front);
        return front;
    }
}
