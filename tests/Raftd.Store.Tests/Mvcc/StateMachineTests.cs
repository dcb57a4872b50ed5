using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leases;
using Raftd.Store.Buckets;
using Raftd.Store.Lmdb;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Disks;

namespace Raftd.Store.Tests.Mvcc;

public sealed class StateMachineTests
{
    private static readonly Alarm DiskOfSeven = new(AlarmKind.NoSpace, AlarmCause.Disk, MemberId: 7);

    [Fact]
    public void FreshStore_IsAtRevision1_AndTheFirstPutGives2()
    {
        using var store = new TestStore();
        Assert.Equal(1, store.Revision);
        Assert.Equal(2, store.Put("k", "v").Revision);
        Assert.Equal(1, store.Range("k").Items[0].Version);
    }

    [Fact]
    public void Delete_OfNothing_MakesNoRevision()
    {
        using var store = new TestStore();
        Assert.Equal(new DeleteRangeResult(1, true, 0), store.Delete("k"));
        Assert.Equal(1, store.Revision);
    }

    [Theory]
    [InlineData(true, false, null, false, true)]
    [InlineData(false, true, null, true, false)]
    [InlineData(false, false, new long[] { 2 }, false, true)]
    [InlineData(false, false, new long[] { 9, 2 }, false, true)]
    [InlineData(false, false, new long[] { 3 }, false, false)]
    [InlineData(false, false, new long[] { }, false, false)]
    [InlineData(true, true, null, false, false)]
    [InlineData(false, false, null, true, true)]
    public void Condition_MissingAndPresentKey_HoldsAsItSays(
        bool mustExist, bool mustNotExist, long[]? revisions, bool whenMissing, bool whenPresent)
    {
        var condition = new Precondition
        {
            MustExist = mustExist,
            MustNotExist = mustNotExist,
            ModRevisions = revisions,
        };
        using var store = new TestStore();
        store.Put("present", "v");
        Assert.Equal(whenMissing, store.Put("missing", "v", condition: condition).Succeeded);
        Assert.Equal(whenPresent, store.Delete("present", condition: condition).Succeeded);
        Assert.Equal(whenPresent ? null : "v", store.Get("present"));
    }

    [Fact]
    public void Condition_Fails_WritesNothing()
    {
        using var store = new TestStore();
        store.Put("k", "v");
        var result = store.Put("k", "w", condition: new Precondition { MustNotExist = true }, previous: true);
        Assert.False(result.Succeeded);
        Assert.Equal(2, result.Revision);
        Assert.Equal("v", store.Get("k"));
        Assert.Equal(2, result.Previous!.ModRevision);
    }

    [Fact]
    public void NoSpaceAlarm_RefusesPuts_LetsDeletesAndCompactionPass()
    {
        using var store = new TestStore();
        store.Put("k", "v");
        store.Apply(By.Nobody.AlarmRaise(DiskOfSeven));
        Assert.Equal(ApplyError.NoSpace, Assert.IsType<ErrorResult>(store.TryPut("k", "w")).Error);
        Assert.Equal(
            ApplyError.NoSpace,
            Assert.IsType<ErrorResult>(store.Apply(By.Nobody.LeaseGrant(1, "n", 5, false, LeaseKind.Rest))).Error);
        Assert.Equal(1, store.Delete("k").Deleted);
        Assert.IsType<CompactResult>(store.Compact(3));
        Assert.Equal([DiskOfSeven], store.State.View().Alarms);
        store.Flush();
        store.Restart();
        Assert.IsType<ErrorResult>(store.TryPut("k", "w"));
        store.Apply(By.Nobody.AlarmClear(DiskOfSeven));
        Assert.True(store.Put("k", "w").Succeeded);
        store.Flush();
        store.Restart();
        Assert.Empty(store.State.View().Alarms);
    }

    /// <summary>The leader refuses what does not fit; what does is not the alarm's to refuse.</summary>
    [Fact]
    public void Apply_QuotaAlarm_RefusesNothing()
    {
        using var store = new TestStore();
        store.Apply(By.Nobody.AlarmRaise(new Alarm(AlarmKind.NoSpace, AlarmCause.Quota, MemberId: 0)));
        Assert.True(store.Put("k", "v").Succeeded);
    }

    [Fact]
    public void Changes_BeforePublish_AreSeenByNoReaderAndAfterItByAll()
    {
        using var store = new TestStore();
        store.Apply(By.Nobody.Put(new PutRequest { Key = "a"u8.ToArray(), Value = "1"u8.ToArray() }), publish: false);
        store.Apply(By.Nobody.Put(new PutRequest { Key = "b"u8.ToArray(), Value = "2"u8.ToArray() }), publish: false);
        Assert.Null(store.Get("a"));
        Assert.Equal(1, store.Revision);
        store.State.Publish();
        Assert.Equal(2, store.Range("a", "\0").Count);
        Assert.Equal(3, store.Revision);
    }

    [Fact]
    public void Lookup_OfLargeValue_FindsItActiveFrozenAndFlushed()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 0 });
        var large = new string('x', 100_000);
        store.Put("k", large);
        Assert.Equal(large, store.Get("k"));
        Assert.True(store.State.TryFreeze(out var frozen));
        Assert.Equal(large, store.Get("k"));
        Assert.False(store.State.TryFreeze(out _));
        store.Put("k", "newer");
        Assert.Equal(large, Text(store.Range("k", revision: 2).Items[0]));
        store.State.Flush(frozen);
        Assert.Equal(large, Text(store.Range("k", revision: 2).Items[0]));
        Assert.Equal("newer", store.Get("k"));
        Assert.Equal(1UL, store.State.FlushedIndex);
        store.Flush();
        Assert.Equal("newer", store.Get("k"));
        Assert.Equal((0L, 0L), store.State.UnflushedBytes);
        Assert.False(store.Flush());
    }

    [Fact]
    public void FailedFlush_LosesNothing_AndMayBeTriedAgain()
    {
        var disk = new ModelStateDisk();
        var failing = true;
        using var store = new TestStore(
            () => new ModelStateDirectory(disk, opened => opened.OnWrite = moment =>
            {
                if (failing && moment == ModelWriteMoment.BeforeBatch)
                {
                    throw new BucketStoreException(BucketStoreFault.Full, "full");
                }
            }),
            new StoreOptions { CacheBytes = 0 });
        store.Put("k", "v");
        Assert.True(store.State.TryFreeze(out var frozen));
        Assert.Throws<BucketStoreException>(() => store.State.Flush(frozen));
        Assert.Equal("v", store.Get("k"));
        failing = false;
        store.State.Flush(frozen);
        Assert.Equal("v", store.Get("k"));
        Assert.Equal(1UL, store.State.FlushedIndex);
    }

    [Fact]
    public void SameEntries_DifferentOptionsAndFlushes_SameHashesAndResults()
    {
        var random = new Random(11);
        using var one = new TestStore(new StoreOptions { CacheBytes = 0, MaxDeletesPerFlush = 1 });
        using var other = new TestStore();
        for (var i = 0; i < 4000; i++)
        {
            var command = RandomCommand(random, one.Revision);
            var term = one.Term = other.Term += random.Next(50) == 0 ? 1UL : 0;
            Assert.Equal(term, other.Term);
            var first = CommandResultCodec.Encode(one.Apply(command));
            var second = CommandResultCodec.Encode(other.Apply(command, publish: random.Next(3) == 0));
            Assert.True(first.Span.SequenceEqual(second.Span), $"entry {i}");
            Assert.Equal(one.State.Applied, other.State.Applied);
            if (random.Next(10) == 0)
            {
                one.Flush();
            }

            if (random.Next(200) == 0)
            {
                one.Restart();
            }
        }

        other.State.Publish();
        Assert.Equal(one.State.View().LogicalBytes, other.State.View().LogicalBytes);
        Assert.Equal(one.State.View().HistoryBytes, other.State.View().HistoryBytes);
        Assert.Null(one.State.Audit());
        Assert.Null(other.State.Audit());
        Assert.True(one.State.TryGetHash(4000, out var hash));
        Assert.Equal(other.State.Applied.Hash, hash);
        Assert.False(one.State.TryGetHash(4001, out _));
    }

    [Fact]
    public void Hash_OneDifferentByte_Changes()
    {
        using var one = new TestStore();
        using var other = new TestStore();
        one.Put("k", "value-1");
        other.Put("k", "value-2");
        Assert.NotEqual(one.State.Applied.Hash, other.State.Applied.Hash);
        one.Put("k", "same");
        other.Put("k", "same");
        Assert.NotEqual(one.State.Applied.Hash, other.State.Applied.Hash);
    }

    [Fact]
    public void Index_OutOfOrder_IsRefused()
    {
        using var store = new TestStore();
        store.State.ApplyEmpty(1, 1);
        Assert.ThrowsAny<Exception>(() => store.State.ApplyEmpty(3, 1));
    }

    [Fact]
    public void Configuration_IsKeptWithItsIndex_AsAppliedAndAsFlushed()
    {
        using var store = new TestStore();
        store.State.ApplyConfiguration(1, 1, "one"u8.ToArray());
        store.Flush();
        store.State.ApplyConfiguration(2, 1, "two"u8.ToArray());
        store.State.Publish();
        Assert.Equal("two"u8.ToArray(), store.State.Configuration.ToArray());
        Assert.Equal(2UL, store.State.View().ConfigurationIndex);
        store.Restart();
        Assert.Equal("one"u8.ToArray(), store.State.Configuration.ToArray());
        Assert.Equal(1UL, store.State.ConfigurationIndex);
    }

    [Fact]
    public void Open_AfterARestart_IsEqualToBefore()
    {
        using var store = new TestStore();
        store.Put("a", "1");
        store.Put("b", "2");
        store.Delete("a");
        store.Flush();
        var applied = store.State.Applied;
        var bytes = store.State.View().LogicalBytes;
        store.Restart();
        Assert.Equal(applied, store.State.Applied);
        Assert.Equal(bytes, store.State.View().LogicalBytes);
        Assert.Equal(applied.Index, store.State.FlushedIndex);
        Assert.Equal("2", store.Get("b"));
        Assert.Null(store.Get("a"));
    }

    [Fact]
    public void Cache_OverItsBound_EvictsAndStillReads()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 1000 });
        for (var i = 0; i < 500; i++)
        {
            store.Put($"key-{i:D4}", new string('v', 50));
        }

        store.Flush();
        for (var i = 0; i < 500; i++)
        {
            Assert.Equal(new string('v', 50), store.Get($"key-{i:D4}"));
        }

        store.Put("one-more", "v");
        Assert.Null(store.State.Audit());
    }

    [Fact]
    public async Task Readers_WhileTheWriterAppliesFlushesAndCompacts_SeeWholeRevisionsAsync()
    {
        using var directory = new TemporaryDirectory();
        using var store = new TestStore(() => StateDirectory.Open(directory.Path), new StoreOptions { CacheBytes = 100 });
        using var stop = new CancellationTokenSource();
        // Each entry sets all keys of the range to one value: two puts, published together.
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var reads = 0L;
            do
            {
                var items = store.Range("pair/", "pair0").Items;
                Assert.True(items.Count is 0 or 2);
                if (items.Count == 2)
                {
                    Assert.Equal(Text(items[0]), Text(items[1]));
                }

                reads++;
            }
            while (!stop.IsCancellationRequested);

            return reads;
        })).ToList();
        for (var i = 0; i < 2000; i++)
        {
            var value = $"{i} {new string('x', i % 90)}";
            store.Apply(By.Nobody.Put(Request("pair/a", value)), publish: false);
            store.Apply(By.Nobody.Put(Request("pair/b", value)));
            if (i % 10 == 0)
            {
                store.Flush();
            }

            if (i % 25 == 24)
            {
                store.Compact(store.Revision);
            }
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
    }

    [Fact]
    public void Snapshot_InstalledOverAnotherState_ReplacesAllOfIt()
    {
        using var source = new TestStore();
        source.Put("new", "state");
        source.Put("gone", "x");
        source.Delete("gone");
        source.State.ApplyConfiguration(4, 1, "members"u8.ToArray());
        source.State.Publish();
        source.Flush();

        using var target = new TestStore(new StoreOptions { CacheBytes = 0 });
        target.Put("old", "must vanish");
        target.Flush();
        var oldView = target.State.View();
        var received = target.Directory.BeginInstall();
        using (var snapshot = source.State.OpenSnapshot(clusterId: 5))
        {
            Assert.Equal(4UL, snapshot.Meta.Index);
            Assert.Null(StateMachine.VerifySnapshot(snapshot.Reader, snapshot.Meta));
            Copy(snapshot.Reader, received);
        }

        Assert.True(target.State.TryInstall(received));
        Assert.Equal(source.State.Applied, target.State.Applied);
        Assert.Null(target.Get("old"));
        Assert.Equal("state", target.Get("new"));
        Assert.Equal("members"u8.ToArray(), target.State.Configuration.ToArray());
        Assert.Equal(ErrorCode.NotReady, Assert.Throws<StoreException>(() => oldView.TryGet("old"u8, out _)).Code);
        Assert.Null(target.State.Audit());
        source.Put("more", "1");
        target.State.Apply(5, 1, source.Log[^1].Command);
        Assert.Equal(source.State.Applied, target.State.Applied);
    }

    [Fact]
    public void VerifySnapshot_AnotherStateThanAnnounced_IsRefused()
    {
        using var source = new TestStore();
        source.Put("k", "1");
        source.Flush();
        using var snapshot = source.State.OpenSnapshot(clusterId: 5);
        var meta = snapshot.Meta;
        Assert.Null(StateMachine.VerifySnapshot(snapshot.Reader, meta));
        Assert.NotNull(StateMachine.VerifySnapshot(snapshot.Reader, meta with { Index = meta.Index + 1 }));
        Assert.NotNull(StateMachine.VerifySnapshot(snapshot.Reader, meta with { Hash = meta.Hash + 1 }));
    }

    [Fact]
    public async Task Install_UnderReaders_IsSeenWholeOrNotAtAllAsync()
    {
        using var directory = new TemporaryDirectory();
        using var source = new TestStore();
        using var target = new TestStore(() => StateDirectory.Open(directory.Path), new StoreOptions { CacheBytes = 0 });
        target.Put("k", "0");
        target.Flush();
        using var stop = new CancellationTokenSource();
        var reader = Task.Run(() =>
        {
            var last = 0;
            do
            {
                if (!TryGet(target, out var now))
                {
                    continue;
                }

                Assert.True(now >= last, $"{now} after {last}");
                last = now;
            }
            while (!stop.IsCancellationRequested);

            return last;
        });
        source.Put("other", "x");
        for (var i = 1; i <= 20; i++)
        {
            source.Put("k", $"{i}");
            source.Flush();
            var received = target.Directory.BeginInstall();
            using (var snapshot = source.State.OpenSnapshot(clusterId: 1))
            {
                Copy(snapshot.Reader, received);
            }

            SpinWait.SpinUntil(() => target.State.TryInstall(received));
            Assert.Equal(source.State.Applied, target.State.Applied);
        }

        await stop.CancelAsync();
        Assert.InRange(await reader, 0, 20);
        Assert.Equal("20", target.Get("k"));
        Assert.Null(target.State.Audit());
    }

    /// <summary>For a moment there is neither the former store nor the new one: the status must answer all the same.</summary>
    [Fact]
    public void StoredSize_AtEveryStepOfAnInstall_Answers()
    {
        using var directory = new TemporaryDirectory();
        using var source = new TestStore();
        var sizes = new Dictionary<StateInstallStep, (long Bytes, long InUse)>();
        TestStore? target = null;
        target = new TestStore(() => StateDirectory.Open(
            directory.Path, options: null, step => sizes[step] = target?.State.StoredSize() ?? default));
        using var disposed = target;
        target.Put("former", "v");
        target.Flush();
        source.Put("k", "v");
        source.Put("k", "w");
        source.Flush();
        var received = target.Directory.BeginInstall();
        using (var snapshot = source.State.OpenSnapshot(clusterId: 1))
        {
            Copy(snapshot.Reader, received);
        }

        Assert.True(target.State.TryInstall(received));
        Assert.True(sizes[StateInstallStep.Begun].InUse > 0);
        Assert.Equal(default, sizes[StateInstallStep.FormerClosed]);
        Assert.Equal(default, sizes[StateInstallStep.LeftoversRemoved]);
        Assert.True(target.State.StoredSize().InUse > 0);
    }

    /// <summary>False while a snapshot is being switched in.</summary>
    private static bool TryGet(TestStore store, out int value)
    {
        try
        {
            value = int.Parse(store.Get("k")!, System.Globalization.CultureInfo.InvariantCulture);
            return true;
        }
        catch (StoreException switching) when (switching.Code == ErrorCode.NotReady)
        {
            value = 0;
            return false;
        }
    }

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

    private static PutRequest Request(string key, string value) =>
        new() { Key = TestStore.Bytes(key), Value = TestStore.Bytes(value) };

    private static string Text(KeyValue item) => System.Text.Encoding.UTF8.GetString(item.Value.Span);

    private static ReadOnlyMemory<byte> RandomCommand(Random random, long revision)
    {
        var key = TestStore.Bytes($"key-{random.Next(30)}");
        var lease = random.Next(1, 12);
        return random.Next(14) switch
        {
            < 4 => By.Nobody.Put(new PutRequest
            {
                Key = key,
                Value = new byte[random.Next(30)],
                Lease = random.Next(3) == 0 ? lease : 0,
                ReturnPrevious = random.Next(2) == 0,
            }),
            4 => By.Nobody.Put(new PutRequest { Key = key, Value = key, TtlSeconds = 9 }, random.Next(20, 60)),
            5 => By.Nobody.DeleteRange(new DeleteRangeRequest { Key = key }),
            6 => By.Nobody.DeleteRange(
                new DeleteRangeRequest { Key = key, RangeEnd = TestStore.Bytes($"key-{random.Next(30)}") }),
            7 => By.Nobody.LeaseGrant(lease, $"name-{random.Next(4)}", 10, random.Next(2) == 0, (LeaseKind)random.Next(2)),
            8 => By.Nobody.LeaseKeepAlive(new LeaseKeepAliveRequest { Id = lease }),
            9 => By.Nobody.LeaseKeepAlive(
                new LeaseKeepAliveRequest
                {
                    Id = lease,
                    Key = key,
                    Data = random.Next(3) == 0 ? default(ReadOnlyMemory<byte>?) : key,
                }),
            10 => By.Nobody.LeaseRevoke(lease),
            11 => By.Nobody.LeaseExpire(new LeaseExpireCommand(
                (ulong)random.Next(1, 5),
                [new LeaseExpiry(random.Next(1, 60), random.Next(1, 4))],
                [new LeaseKeyExpiry(lease, random.Next(1, 4), key, revision)])),
            12 => By.Nobody.LeaseCheckpoint(new LeaseCheckpointCommand(
                (ulong)random.Next(1, 5),
                [new LeaseRemaining(lease, random.Next(1, 4), 5000)],
                [new LeaseKeyRemaining(lease, random.Next(1, 4), key, revision, 4000)])),
            _ => random.Next(8) == 0
                ? By.Nobody.Compact(revision - random.Next(20))
                : By.Nobody.AlarmClear(DiskOfSeven with { MemberId = (ulong)random.Next(4) }),
        };
    }
}
