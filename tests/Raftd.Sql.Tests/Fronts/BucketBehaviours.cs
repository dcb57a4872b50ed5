using System.Diagnostics;
using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Contract;
using Raftd.Sql.Tests.Memory;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>Buckets on fronts with their own threads, whatever database is behind them.</summary>
public abstract class BucketBehaviours : IAsyncDisposable
{
    private readonly List<SqlFront> _fronts = [];
    private IDatabase? _probe;

    private protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var front in _fronts)
        {
            await front.DisposeAsync();
        }

        _probe?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task SameKey_InTwoBuckets_IsTwoKeys_AndRevisionsAreDenseInEach()
    {
        const int Writes = 50;
        var front = await FrontAsync();
        var buckets = new[] { await MadeAsync(front, "a"), await MadeAsync(front, "b") };
        await Task.WhenAll(buckets.Select(async (bucket, number) =>
        {
            for (var write = 0; write < Writes; write++)
            {
                Assert.Equal(2 + write, await PutAsync(bucket, "k", $"{number}-{write}"));
            }
        }));

        Assert.Equal($"0-{Writes - 1}", await GetAsync(buckets[0], "k"));
        Assert.Equal($"1-{Writes - 1}", await GetAsync(buckets[1], "k"));
        Assert.Equal(1, front.Cluster.Revision);
        var answer = await front.KeyValues.RangeAsync(Caller.Nobody, new RangeRequest { Key = Bytes("k") }, Stop);
        Assert.Empty(answer.Items);
        Assert.Equal(3, new[] { front.Cluster.Origin, buckets[0].Cluster.Origin, buckets[1].Cluster.Origin }.Select(static origin => origin.ClusterId).Distinct().Count());
    }

    [Fact]
    public async Task Bucket_MadeOnOneFront_IsServedByAnotherAtOnce_AndWatchesHearOfBoth()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        for (var round = 0; round < 5; round++)
        {
            var here = await MadeAsync(first, $"r{round}");
            var there = await second.Buckets.FindAsync($"r{round}", Stop);
            Assert.NotNull(there);
            using var session = there.Watches.OpenWatches(Caller.Nobody);
            session.Create(new WatchRequest { Id = 1, Key = Bytes("k") });
            Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);
            await PutAsync(first.KeyValues, "k", "elsewhere");
            var revision = await PutAsync(here, "k", "here");
            var message = await session.ReadAsync(Stop);
            Assert.Equal(("here", revision), (Text(message.Events[0].Key.Value), message.Revision));
            Assert.Equal("here", await GetAsync(there, "k"));
        }
    }

    [Fact]
    public async Task Lease_EndsInItsBucket_WhicheverFrontLeads_AndNoOtherKeyGoes()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        for (var number = 0; number < 4; number++)
        {
            var made = await MadeAsync(first, $"l{number}");
            var lease = await made.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 1, Kind = LeaseKind.Etcd }, Stop);
            await made.Keys.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("leased"), Value = Bytes("v"), Lease = lease.Id }, Stop);
            await PutAsync(made, "kept", "v");
        }

        for (var number = 0; number < 4; number++)
        {
            var found = (await second.Buckets.FindAsync($"l{number}", Stop))!;
            await Until.TrueAsync($"the lease in l{number} has ended", async () => await GetAsync(found, "leased") is null);
            Assert.Equal("v", await GetAsync(found, "kept"));
        }
    }

    [Fact]
    public async Task Removed_WithForce_WhileItIsWatchedLeasedAndWritten_EndsAll_OnBothFronts()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        var made = await MadeAsync(first, "doomed");
        var other = (await second.Buckets.FindAsync("doomed", Stop))!;
        var lease = await made.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "n", TtlSeconds = 600 }, Stop);
        await made.Leases.KeepAliveAsync(Caller.Nobody, new LeaseKeepAliveRequest { Id = lease.Id, Key = Bytes("k"), Data = Bytes("v") }, Stop);
        using var session = other.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("k") });
        var writers = new[] { made, other }.Select(WriteUntilRefusedAsync).ToList();
        var waiter = other.Keys.WaitAsync(
            Caller.Nobody, new WaitRequest { Key = Bytes("never"), AfterRevision = 0, TimeLimit = TimeSpan.FromMinutes(5) }, Stop).AsTask();
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await first.Buckets.RemoveAsync(Caller.Nobody, "doomed", force: false, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);

        await first.Buckets.RemoveAsync(Caller.Nobody, "doomed", force: true, Stop);

        Assert.All(await Task.WhenAll(writers), static failure => Assert.Equal(ErrorCode.BucketNotFound, failure.Code));
        Assert.Equal(ErrorCode.BucketNotFound, (await Assert.ThrowsAsync<StoreException>(() => waiter)).Code);
        Assert.Equal(ErrorCode.BucketNotFound, (await EndOfAsync(session)).Code);
        Assert.Null(await first.Buckets.FindAsync("doomed", Stop));
        Assert.Null(await second.Buckets.FindAsync("doomed", Stop));
        Assert.Equal("default", Assert.Single(await second.Buckets.ListAsync(Caller.Nobody, Stop)).Name);
        Assert.Equal(ErrorCode.BucketNotFound, (await Assert.ThrowsAsync<StoreException>(async () => await GetAsync(other, "k"))).Code);
    }

    [Fact]
    public async Task Name_OfARemovedBucket_IsAnotherBucket_WithNothingInIt_AlsoAfterARestart()
    {
        var front = await FrontAsync();
        var ids = new List<long>();
        for (var round = 0; round < 3; round++)
        {
            var (bucket, isNew) = await front.Buckets.AddAsync(Caller.Nobody, "again", Stop);
            Assert.True(isNew);
            ids.Add(bucket.Id);
            var services = (await front.Buckets.FindAsync("again", Stop))!;
            Assert.Null(await GetAsync(services, "k"));
            await PutAsync(services, "k", $"{round}");
            await front.Buckets.RemoveAsync(Caller.Nobody, "again", force: true, Stop);
            await Until.TrueAsync("its rows are deleted", () => IsCleared(bucket.Id));
            _fronts.Remove(front);
            await front.DisposeAsync();
            front = await FrontAsync();
        }

        Assert.Equal(ids.Distinct().Order(), ids);
    }

    [Fact]
    public async Task Leader_Stopped_IsFollowedByAnother_InEachBucketItLed()
    {
        var (first, second) = (await FrontAsync(), await FrontAsync());
        await Until.TrueAsync("each front knows the other", async () =>
            (await first.Cluster.MembersAsync(Caller.Nobody, ReadLevel.Stale, Stop)).Members.Count == 2
            && (await second.Cluster.MembersAsync(Caller.Nobody, ReadLevel.Stale, Stop)).Members.Count == 2);
        var names = Enumerable.Range(0, 16).Select(static number => $"b{number}").ToList();
        foreach (var name in names)
        {
            await MadeAsync(first, name);
        }

        var leaders = (await second.Buckets.ListAsync(Caller.Nobody, Stop)).Where(static bucket => bucket.Name != "default").Select(static bucket => bucket.Leader);
        Assert.Equal(2, leaders.Distinct().Count());
        var self = second.Cluster.Origin.MemberId;
        _fronts.Remove(first);
        await first.DisposeAsync();
        await Until.TrueAsync("the other one leads them all", async () =>
            (await second.Buckets.ListAsync(Caller.Nobody, Stop)).All(bucket => bucket.Leader == self));
    }

    [Fact]
    public async Task FrontThatComes_TakesItsShareOfTheLeads_AndWhatIsLedThereGoesOn()
    {
        var limits = new FrontOptions { BeatInterval = TimeSpan.FromMilliseconds(50), SettlesAfter = TimeSpan.FromMilliseconds(500) };
        var first = await FrontAsync(limits);
        for (var number = 0; number < 16; number++)
        {
            var made = await MadeAsync(first, $"b{number}");
            var lease = await made.Leases.GrantAsync(Caller.Nobody, new LeaseGrantRequest { Name = "", TtlSeconds = 3600, Kind = LeaseKind.Etcd }, Stop);
            await made.Keys.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes("leased"), Value = Bytes("v"), Lease = lease.Id }, Stop);
        }

        var second = await FrontAsync(limits);
        var self = second.Cluster.Origin.MemberId;
        await Until.TrueAsync("each front leads what the hash gives it", async () =>
            (await first.Buckets.ListAsync(Caller.Nobody, Stop)).All(bucket =>
                bucket.Name == "default" || bucket.Leader == BucketLeaders.Choose(bucket.Id, [first.Cluster.Origin.MemberId, self])));
        var ofSecond = (await second.Buckets.ListAsync(Caller.Nobody, Stop)).Where(bucket => bucket.Leader == self).ToList();
        Assert.NotEmpty(ofSecond);
        Assert.DoesNotContain(ofSecond, static bucket => bucket.Name == "default");
        foreach (var bucket in ofSecond)
        {
            var services = (await second.Buckets.FindAsync(bucket.Name, Stop))!;
            await Until.TrueAsync("it leads", () => services.Cluster.IsLeader);
            Assert.Equal("v", await GetAsync(services, "leased"));
            await PutAsync(services, "k", "v");
        }
    }

    [Fact]
    public async Task NamesThatAreNone_CostFewLooks()
    {
        var looks = 0;
        var counted = FailingCalls.Of(NextDatabase(), call => call == nameof(ISession.Buckets) && Interlocked.Increment(ref looks) < 0);
        var front = await FrontOver.StartAsync(counted, "counted", new FrontOptions { BeatInterval = TimeSpan.FromMinutes(10), LeaderSilence = TimeSpan.FromMinutes(30) });
        _fronts.Add(front);
        var before = Volatile.Read(ref looks);
        var began = Stopwatch.GetTimestamp();
        var found = await Task.WhenAll(Enumerable.Range(0, 5000).Select(async number => await front.Buckets.FindAsync($"none-{number}", Stop)));
        Assert.All(found, Assert.Null);

        // One at once, and then one behind each pause: a machine that took longer was allowed more.
        Assert.InRange(Volatile.Read(ref looks) - before, 1, 2 + (int)(Stopwatch.GetElapsedTime(began).TotalMilliseconds / 50));
    }

    [Fact]
    public async Task Buckets_MoreThanThereMayBe_AreRefused()
    {
        var front = await FrontAsync();
        _probe = NextDatabase();
        using (var session = _probe.Open())
        {
            for (var id = session.Buckets()[^1].Id + 1; session.Buckets().Count < SqlLimits.MaxBuckets; id++)
            {
                var row = new BucketRow(id, $"filler-{id}", (ulong)id, default, 1, 0, 1, 0);
                Assert.True(session.AddBucket(row, LogRow.First));
            }
        }

        var refused = await Assert.ThrowsAsync<StoreException>(async () => await front.Buckets.AddAsync(Caller.Nobody, "more", Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.Contains($"{SqlLimits.MaxBuckets} buckets", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Default_IsNotRemoved()
    {
        var front = await FrontAsync();
        var refused = await Assert.ThrowsAsync<StoreException>(async () => await front.Buckets.RemoveAsync(Caller.Nobody, "default", force: true, Stop));
        Assert.Equal(ErrorCode.Conflict, refused.Code);
        Assert.False((await front.Buckets.AddAsync(Caller.Nobody, "default", Stop)).IsNew);
    }

    /// <summary>The same one with each call.</summary>
    private protected abstract IDatabase NextDatabase();

    private protected static async Task<BucketServices> MadeAsync(SqlFront front, string name)
    {
        Assert.True((await front.Buckets.AddAsync(Caller.Nobody, name, Stop)).IsNew);
        return (await front.Buckets.FindAsync(name, Stop))!;
    }

    private static async Task<StoreException> WriteUntilRefusedAsync(BucketServices bucket)
    {
        try
        {
            for (var number = 0; ; number++)
            {
                await PutAsync(bucket, "written", $"{number}");
            }
        }
        catch (StoreException refused)
        {
            return refused;
        }
    }

    private static async Task<StoreException> EndOfAsync(IWatchSession session)
    {
        while (true)
        {
            try
            {
                await session.ReadAsync(Stop);
            }
            catch (StoreException end)
            {
                return end;
            }
        }
    }

    private protected static Task<long> PutAsync(BucketServices bucket, string key, string value) => PutAsync(bucket.Keys, key, value);

    private static async Task<long> PutAsync(IKeyValueService keys, string key, string value) =>
        (await keys.PutAsync(Caller.Nobody, new PutRequest { Key = Bytes(key), Value = Bytes(value) }, Stop)).Revision;

    private static async Task<string?> GetAsync(BucketServices bucket, string key)
    {
        var answer = await bucket.Keys.RangeAsync(Caller.Nobody, new RangeRequest { Key = Bytes(key) }, Stop);
        return answer.Items is [{ } item] ? Text(item.Value) : null;
    }

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private protected static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private bool IsCleared(long id)
    {
        using var session = (_probe ??= NextDatabase()).Open();
        return session.Buckets().All(bucket => bucket.Id != id || !bucket.IsRemoved);
    }

    private protected async Task<SqlFront> FrontAsync(FrontOptions? limits = null)
    {
        var front = await FrontOver.StartAsync(NextDatabase(), $"front{_fronts.Count}", limits);
        _fronts.Add(front);
        return front;
    }
}

public sealed class MemoryFrontBucketTests : BucketBehaviours
{
    private readonly MemoryDatabase _database = new();

    [Fact]
    public async Task MadeAgain_WhileTheFormerOneIsLoaded_StaysServed_AndWatched()
    {
        using var held = new HeldLoad(_database);
        await using var first = await FrontOver.StartAsync(held, "held");
        var second = await FrontAsync();
        await MadeAsync(second, "b");
        var former = first.Buckets.FindAsync("b", Stop).AsTask();
        await held.Reached;
        await second.Buckets.RemoveAsync(Caller.Nobody, "b", force: true, Stop);
        await MadeAsync(second, "b");
        var found = (await first.Buckets.FindAsync("b", Stop))!;
        using var session = found.Watches.OpenWatches(Caller.Nobody);
        session.Create(new WatchRequest { Id = 1, Key = Bytes("k") });
        Assert.Equal(WatchMessageKind.Created, (await session.ReadAsync(Stop)).Kind);

        held.Release();
        Assert.Null(await former);
        await PutAsync(found, "k", "v");
        Assert.Equal("v", Text((await session.ReadAsync(Stop)).Events[0].Key.Value));
    }

    private protected override IDatabase NextDatabase() => _database;

    /// <summary>The first load of a bucket stands still behind its look at the rows.</summary>
    private sealed class HeldLoad(MemoryDatabase inner) : IDatabase
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly ManualResetEventSlim _released = new();
        private int _loads;

        public Task Reached => _reached.Task;

        public string Bucket => inner.Bucket;

        public ulong ClusterId => inner.ClusterId;

        public string Name => inner.Name;

        public void Release() => _released.Set();

        public void Prepare() => inner.Prepare();

        public ISession Open() => inner.Open();

        public IDatabase OfBucket(BucketRow bucket) =>
            Interlocked.Increment(ref _loads) == 1 ? FailingCalls.Of(inner.OfBucket(bucket), Hold) : inner.OfBucket(bucket);

        public void Dispose() => _released.Set();

        private bool Hold(string call)
        {
            if (call == nameof(ISnapshot.Meta))
            {
                _reached.TrySetResult();
                _released.Wait();
            }

            return false;
        }
    }
}
