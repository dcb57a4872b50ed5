using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using Raftd.State.Timekeeping;
using Raftd.State.Trees;
using Raftd.Store.Buckets;
using Raftd.Store.Leases;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Leases;

/// <summary>What is done to one key of a lease costs as much as if it were the only one, and nothing that goes over all of
/// them goes without a pause.</summary>
public sealed class ManyKeysTests : IDisposable
{
    private const int Keys = 3000;

    private readonly LeaseFixture _leases = new();

    private TestStore Store => _leases.Store;

    private Lessor Lessor => _leases.Lessor;

    [Fact]
    public void Checkpoint_OfOneKey_ChangesAndWritesThatKeyAlone()
    {
        Fill(Keys);
        Store.Flush();
        Checkpoint("k0005", 7_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        Checkpoint("k1234", 7_000);
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;

        Assert.InRange(allocated, 0, 20 * Keys);
        Assert.True(Store.State.TryFreeze(out var frozen));
        var pairs = LeasePairs(frozen);
        Assert.Equal(2, pairs.Count);
        Assert.All(pairs, static bytes => Assert.Equal(LeaseKeyCodec.EncodedKeyBytes, bytes));
    }

    [Fact]
    public void KeepAliveOfOneKey_BehindACheckpointOfTheLease_WritesTheLeaseAndThatKeyAlone()
    {
        Fill(Keys);
        CheckpointLease(4_000);
        Store.Flush();
        _leases.KeepAliveEntry(1, "k0005", "v");
        Assert.True(Store.State.TryFreeze(out var frozen));
        Assert.Equal([sizeof(long), LeaseKeyCodec.EncodedKeyBytes], LeasePairs(frozen));
        Store.State.Flush(frozen);

        Store.Restart();
        Assert.Null(Store.State.Audit());
        var next = new Lessor(Store.State, _leases.Time);
        next.Promote(Store.Term);
        while (next.Load(500))
        {
        }

        var left = next.TimeToLive(1)!;
        Assert.Equal(10, left.TtlSeconds);
        Assert.All(left.Keys, key => Assert.Equal(Encoding.UTF8.GetString(key.Key.Span) == "n/1/k0005" ? 10 : 4, key.TtlSeconds));
    }

    [Fact]
    public void Key_SetBehindTheFloor_HasItsFullTime()
    {
        Fill(3);
        CheckpointLease(4_000);
        _leases.KeepAliveEntry(1, "k0000", "v");
        _leases.KeepAliveEntry(1, "new", "v");
        _leases.KeepAliveEntry(1, "k0001", "other data");
        _leases.NewTerm();
        Assert.Equal([10, 10, 4, 10], Lessor.TimeToLive(1)!.Keys.Select(key => key.TtlSeconds));
    }

    [Fact]
    public void BytesOfCheckpoints_Count_AndGoWithTheKey()
    {
        Fill(3);
        var without = Store.State.View().LogicalBytes;
        Checkpoint("k0000", 7_000);
        Checkpoint("k0000", 6_000);
        Assert.Equal(without + LeaseKeyRecord.StoredBytes, Store.State.View().LogicalBytes);
        Checkpoint("k0001", 7_000);
        Assert.Equal(without + (2 * LeaseKeyRecord.StoredBytes), Store.State.View().LogicalBytes);
        _leases.KeepAliveEntry(1, "k0001", "v");
        Assert.Equal(without + LeaseKeyRecord.StoredBytes, Store.State.View().LogicalBytes);
        Store.Flush();
        Store.Restart();
        Assert.Equal(without + LeaseKeyRecord.StoredBytes, Store.State.View().LogicalBytes);

        var before = Store.State.View().HistoryBytes;
        Store.Apply(By.Nobody.LeaseRevoke(1));
        Store.Compact(Store.Revision);
        Store.Put("another", "");
        Store.Compact(Store.Revision);
        Assert.True(before >= 0);
        Assert.Equal("another".Length + RevisionRecord.OverheadBytes, Store.State.View().LogicalBytes);
        Store.Flush();
        Assert.Null(Store.State.Audit());
    }

    [Fact]
    public void OneKeyMoreThanALeaseMayHave_IsRefused_InWhicheverWayItIsAttached()
    {
        _leases.Grant(1, "n");
        _leases.Grant(2, "n");
        Assert.IsType<LeaseKeepAliveResult>(KeepAlive("a"));
        Assert.IsType<PutResult>(Put("plain"));
        var refused = Assert.IsType<ErrorResult>(KeepAlive("b"));
        Assert.Equal((ApplyError.LeaseFull, ErrorCode.Conflict), (refused.Error, refused.Code));
        Assert.Contains("-max-lease-keys", refused.ToException().Message, StringComparison.Ordinal);
        Assert.Equal(ApplyError.LeaseFull, Assert.IsType<ErrorResult>(Put("other")).Error);
        Assert.Equal(2, Store.State.View().KeyCount);

        // What it has may change, another lease has room, and so has this one once a key is gone.
        Assert.IsType<LeaseKeepAliveResult>(KeepAlive("a", "other data"));
        Assert.IsType<PutResult>(Put("plain"));
        Assert.IsType<PutResult>(Put("other", lease: 2));
        Store.Delete("plain");
        Assert.IsType<PutResult>(Put("n/1/b"));
        Assert.Equal(ApplyError.LeaseFull, Assert.IsType<ErrorResult>(KeepAlive("c")).Error);

        CommandResult KeepAlive(string key, string data = "v") => Store.Apply(By.Nobody.LeaseKeepAlive(
            new LeaseKeepAliveRequest { Id = 1, Key = TestStore.Bytes(key), Data = TestStore.Bytes(data) }, maxLeaseKeys: 2));

        CommandResult Put(string key, long lease = 1) => Store.Apply(By.Nobody.Put(
            new PutRequest { Key = TestStore.Bytes(key), Value = TestStore.Bytes("v"), Lease = lease }, maxLeaseKeys: 2));
    }

    /// <summary>The lessor reads the clock once each time that it takes its lock.</summary>
    [Fact]
    public void Observe_ManyChangesAtOnce_TakesSlices()
    {
        _leases.Grant(1, "n");
        for (var i = 0; i < Keys; i++)
        {
            Store.Apply(KeepAliveOf($"k{i:0000}"), publish: false);
        }

        var looks = _leases.Time.Looks;
        Store.State.Publish();
        Assert.InRange(_leases.Time.Looks - looks, 2 * Keys / 500, 2 * Keys);
        _leases.Time.Seconds(10.1);
        _leases.Tick();
        Assert.Equal(0, Store.State.View().KeyCount);
    }

    [Fact]
    public void WhatIsNotDueYet_IsLookedAtInSlices_AndARenewalOfAllKeysMovesNone()
    {
        Fill(Keys);
        _leases.Time.Seconds(6);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        _leases.Time.Seconds(6);
        var looks = _leases.Time.Looks;
        Assert.Null(Lessor.CollectDue(10));
        Assert.InRange(_leases.Time.Looks - looks, Keys / 500, Keys);
        _leases.Time.Seconds(4.1);
        Assert.Equal(new LeaseExpiry(1, Keys + 1), Assert.Single(Lessor.CollectDue(10)!.Leases));
    }

    [Fact]
    public void NewLeader_TakesInTheKeysOfOneLeaseByPortions_AndRenewalsWaitForThem()
    {
        Fill(1000);
        Checkpoint("k0999", 2_000);
        _leases.BeginTerm();
        Assert.True(Lessor.Load(100));
        Assert.Equal(RenewStatus.Wait, _leases.TryRenew(1).Status);
        Assert.Equal(RenewStatus.Wait, _leases.TryRenew(1, "k0000").Status);

        // What happens meanwhile counts: a key that was taken in and one that was not are renewed, deleted, set.
        _leases.Time.Seconds(1);
        _leases.KeepAliveEntry(1, "k0001", "v");
        _leases.KeepAliveEntry(1, "k0998", "v");
        _leases.KeepAliveEntry(1, "k0000a", "v");
        _leases.KeepAliveEntry(1, "k0997a", "v");
        Store.Delete("n/1/k0002");
        Store.Delete("n/1/k0996");
        var portions = 1;
        while (Lessor.Load(100))
        {
            portions++;
        }

        Assert.InRange(portions, 9, 11);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "k0000").Status);
        var left = Lessor.TimeToLive(1)!.Keys.ToDictionary(
            key => Encoding.UTF8.GetString(key.Key.Span)[4..], key => key.TtlSeconds, StringComparer.Ordinal);
        Assert.Equal(1000, left.Count);
        Assert.Equal(2, left["k0999"]);
        Assert.All(["k0001", "k0998", "k0000a", "k0997a", "k0000"], key => Assert.Equal(10, left[key]));
    }

    [Fact]
    public void Lease_RevokedWhileItsKeysAreTakenIn_IsGone()
    {
        Fill(1000);
        _leases.Grant(2, "m", ttl: 20);
        _leases.KeepAliveEntry(2, "k", "v");
        _leases.BeginTerm();
        Assert.True(Lessor.Load(100));
        Store.Apply(By.Nobody.LeaseRevoke(1));
        _leases.Grant(1, "again", ttl: 20);
        _leases.LoadAll();
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1).Status);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(2, "k").Status);
        _leases.Time.Seconds(15);
        Assert.Null(Lessor.CollectDue(10));
    }

    [Fact]
    public void ProposedExpiryOfAKey_VoidedByARenewalOfAnother_IsProposedAgainAtOnce()
    {
        Fill(3);
        _leases.Time.Seconds(6);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "k0000").Status);
        _leases.Time.Seconds(4.1);
        var batch = Lessor.CollectDue(10)!;
        Assert.Equal(2, batch.Keys.Count);
        Assert.Equal(RenewStatus.Wait, _leases.TryRenew(1).Status);
        Assert.Equal(RenewStatus.Wait, _leases.TryRenew(1, "k0001").Status);
        _leases.KeepAliveEntry(1, "k0000", "other data");
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        Store.Apply(By.Nobody.LeaseExpire(batch));
        Assert.Equal(3, Store.State.View().KeyCount);

        _leases.Time.Seconds(6);
        _leases.TryRenew(1, "k0000");
        _leases.Time.Seconds(4.1);
        batch = Lessor.CollectDue(10)!;
        _leases.KeepAliveEntry(1, "k0000", "more data");
        Lessor.ExpiryDropped(batch);
        Assert.Equal(2, Lessor.CollectDue(10)!.Keys.Count);
    }

    [Fact]
    public void Entries_OfKeysWithLongNames_AreBoundedInBytes()
    {
        const int Bound = Lessor.MaxEntryBytes + 5000;
        _leases.Grant(1, "n");
        _leases.KeepAliveEntry(1, "short", "v");
        for (var i = 0; i < 300; i++)
        {
            _leases.KeepAliveEntry(1, new string('k', 3000) + i, "v");
        }

        _leases.Time.Seconds(4);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "short").Status);
        var checkpoints = 0;
        while (Lessor.CollectCheckpoints(1000) is { } silent)
        {
            Assert.InRange(By.Nobody.LeaseCheckpoint(silent).Length, 1, Bound);
            Store.Apply(By.Nobody.LeaseCheckpoint(silent));
            checkpoints += silent.Keys.Count;
        }

        _leases.Time.Seconds(7);
        var ended = 0;
        while (Lessor.CollectDue(1000) is { } due)
        {
            Assert.InRange(By.Nobody.LeaseExpire(due).Length, 1, Bound);
            Store.Apply(By.Nobody.LeaseExpire(due));
            ended += due.Keys.Count;
        }

        Assert.Equal((300, 300), (checkpoints, ended));
        Assert.Equal("v", Store.Get("n/1/short"));
    }

    /// <summary>Against what one would write down for each key at each entry: what it has left at most, if anything is known.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Keys_RandomKeepAlivesAndCheckpoints_HaveTheTimeThatAModelLeavesThem(int seed)
    {
        var random = new Random(seed);
        var model = new KeysLeft();
        _leases.Grant(1, "n");
        for (var step = 0; step < 3000; step++)
        {
            StepAtRandom(random, model);
            Assert.Equal(model.Describe(), Known());
        }

        Store.Flush();
        Assert.Null(Store.State.Audit());
        using var other = new TestStore();
        var received = other.Directory.BeginInstall();
        using (var snapshot = Store.State.OpenSnapshot(clusterId: 1))
        {
            Copy(snapshot.Reader, received);
        }

        Assert.True(other.State.TryInstall(received));
        Assert.Equal(Known(), Known(other.State.View()));
        Assert.Equal(Store.State.View().LogicalBytes, other.State.View().LogicalBytes);
        Assert.Null(other.State.Audit());
    }

    public void Dispose() => _leases.Dispose();

    private void StepAtRandom(Random random, KeysLeft model)
    {
        var key = $"k{random.Next(12)}";
        var milliseconds = random.Next(1, 10_000);
        switch (random.Next(12))
        {
            case < 4:
                _leases.KeepAliveEntry(1, key, $"v{random.Next(2)}");
                model.Renew(key);
                break;
            case 4 when random.Next(4) == 0:
                _leases.KeepAliveEntry(1);
                model.RenewAll();
                break;
            case 5 or 6 when model.Keys.Count > 0:
                CheckpointLease(milliseconds);
                model.OfLease = milliseconds;
                break;
            case 7 or 8 when model.Keys.ContainsKey(key):
                Checkpoint(key, milliseconds);
                model.Keys[key] = (milliseconds, null);
                break;
            case 9:
                Store.Delete($"n/1/{key}");
                model.Keys.Remove(key);
                break;
            case 10:
                Store.Flush();
                break;
            case 11 when random.Next(4) == 0:
                Store.Restart();
                break;
        }
    }

    private static ReadOnlyMemory<byte> KeepAliveOf(string key) => By.Nobody.LeaseKeepAlive(
        new LeaseKeepAliveRequest { Id = 1, Key = TestStore.Bytes(key), Data = TestStore.Bytes("v") });

    private static void Copy(IBucketReader from, IBucketStore to) => to.Write(writer =>
    {
        foreach (var bucket in Enum.GetValues<Bucket>())
        {
            using var cursor = from.OpenCursor(bucket);
            for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
            {
                writer.Put(bucket, cursor.Key, cursor.Value);
            }
        }
    });

    private static string Known(StateView view)
    {
        var lease = view.Leases.ById.Find(new NumberProbe(1))!;
        var known = new List<string>();
        for (var scan = view.Leases.Keys.All(); scan.MoveNext();)
        {
            known.Add($"{Encoding.UTF8.GetString(scan.Key.Key)["n/1/".Length..]}:{lease.RemainingOf(scan.Item)}");
        }

        return string.Join(' ', known);
    }

    private string Known() => Known(Store.State.View());

    private void Fill(int keys)
    {
        _leases.Grant(1, "n");
        for (var i = 0; i < keys; i++)
        {
            Store.Apply(KeepAliveOf($"k{i:0000}"), publish: false);
        }

        Store.State.Publish();
    }

    private long Generation => Store.State.View().Leases.ById.Find(new NumberProbe(1))!.Generation;

    private void Checkpoint(string key, long milliseconds)
    {
        var full = TestStore.Bytes($"n/1/{key}");
        Assert.True(Store.State.TryGet(full, out var item));
        Store.Apply(By.Nobody.LeaseCheckpoint(new LeaseCheckpointCommand(
            Store.Term, [], [new LeaseKeyRemaining(1, Generation, full, item.ModRevision, milliseconds)])));
    }

    private void CheckpointLease(long milliseconds) => Store.Apply(By.Nobody.LeaseCheckpoint(
        new LeaseCheckpointCommand(Store.Term, [new LeaseRemaining(1, Generation, milliseconds)], [])));

    /// <summary>The bytes of the key of each pair that a flush writes or deletes in the bucket of leases.</summary>
    private static List<int> LeasePairs(FrozenState frozen)
    {
        var writer = new LeaseKeyLengths();
        frozen.WriteTo(new FlushWriter(writer));
        return writer.Lengths;
    }

    private sealed class LeaseKeyLengths : IBucketWriter
    {
        public List<int> Lengths { get; } = [];

        public void Put(Bucket bucket, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Note(bucket, key);

        public bool Delete(Bucket bucket, ReadOnlySpan<byte> key)
        {
            Note(bucket, key);
            return true;
        }

        public int DeleteRange(Bucket bucket, ReadOnlySpan<byte> low, ReadOnlySpan<byte> high, int maxPairs) => 0;

        public bool TryGet(Bucket bucket, scoped ReadOnlySpan<byte> key, out ReadOnlySpan<byte> value) =>
            throw new NotSupportedException("a flush reads nothing");

        public IBucketCursor OpenCursor(Bucket bucket) => throw new NotSupportedException("a flush reads nothing");

        private void Note(Bucket bucket, ReadOnlySpan<byte> key)
        {
            if (bucket == Bucket.Leases)
            {
                Lengths.Add(key.Length);
            }
        }
    }

    /// <summary>What each key has left at most, where anything is known: of its own, and of its lease.</summary>
    private sealed class KeysLeft
    {
        public SortedDictionary<string, (long? Own, long? FromLease)> Keys { get; } = new(StringComparer.Ordinal);

        public long? OfLease { get; set; }

        public void Renew(string named)
        {
            Keys.TryAdd(named, default);
            foreach (var each in Keys.Keys.Where(each => OfLease is not null && each != named).ToList())
            {
                Keys[each] = (Keys[each].Own, OfLease);
            }

            Keys[named] = default;
            OfLease = null;
        }

        public void RenewAll()
        {
            Keys.Keys.ToList().ForEach(each => Keys[each] = default);
            OfLease = null;
        }

        public string Describe() => string.Join(' ', Keys.Select(key => $"{key.Key}:{Least(key.Value.Own, key.Value.FromLease)}"));

        private static long? Least(long? one, long? other) => one is null || other < one ? other : one;
    }
}
