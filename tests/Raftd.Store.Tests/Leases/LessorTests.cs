using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Timekeeping;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;
using Raftd.Testing.Clocks;

namespace Raftd.Store.Tests.Leases;

/// <summary>The sentences of docs/leases.md about time, one test each.</summary>
public sealed class LessorTests : IDisposable
{
    private readonly LeaseFixture _leases = new();

    private TestStore Store => _leases.Store;

    private ManualTime Time => _leases.Time;

    [Fact]
    public void LeaseEndsAtItsTime_NotBefore_AndItsKeysWithIt()
    {
        _leases.Grant(1, ttl: 10);
        Store.Put("k", "v", lease: 1);
        Time.Advance(TimeSpan.FromSeconds(10));
        _leases.Tick();
        Assert.True(_leases.Lives(1));
        Time.Advance(TimeSpan.FromMilliseconds(1));
        _leases.Tick();
        Assert.False(_leases.Lives(1));
        Assert.Null(Store.Get("k"));
    }

    [Fact]
    public void Renewal_OfALiveLease_WritesNothing()
    {
        _leases.Grant(1, ttl: 10);
        Assert.False(_leases.KeepAlive(1, "k", "v"));
        var entries = Store.Log.Count;
        for (var i = 0; i < 20; i++)
        {
            Time.Seconds(3);
            _leases.Tick();
            _leases.Checkpoint();
            Assert.NotNull(_leases.KeepAlive(1, "k", "v"));
        }

        // The first pause is longer than a silence of TTL/4; after it the lessor knows this lease's pace.
        Assert.InRange(Store.Log.Count - entries, 0, 2);
        Assert.True(_leases.Lives(1));
    }

    [Fact]
    public void KeepAlive_KeyOrDataOrLeaseOrStatusDiffers_NeedsAnEntry()
    {
        _leases.Grant(1, "n", ttl: 100);
        _leases.Grant(2, "m", ttl: 100);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1).Status);
        _leases.KeepAliveEntry(1, "k", "v");
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "k", "v").Status);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "k").Status);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1, "k", "w").Status);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1, "other", "v").Status);
        Assert.Equal(RenewStatus.KeyNotFound, _leases.TryRenew(1, "other").Status);
        Assert.Equal(RenewStatus.NotFound, _leases.TryRenew(3).Status);
        Assert.Equal(RenewStatus.NotFound, _leases.TryRenew(3, "k", "v").Status);
        Store.Put("n/1/k", "v", lease: 2);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1, "k", "v").Status);
        Store.Put("n/1/k", "v", lease: 1);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1, "k", "v").Status);
    }

    [Fact]
    public void OwnKeyThatRunsOut_IsDeletedAlone_AndTheLeaseWithTheLast()
    {
        _leases.Grant(1, "n", ttl: 10);
        _leases.KeepAlive(1, "a", "1");
        _leases.KeepAlive(1, "b", "2");
        for (var i = 0; i < 4; i++)
        {
            Time.Seconds(3);
            _leases.Tick();
            Assert.NotNull(_leases.KeepAlive(1, "a"));
        }

        Assert.Equal("1", Store.Get("n/1/a"));
        Assert.Null(Store.Get("n/1/b"));
        Assert.True(_leases.Lives(1));
        Time.Seconds(10.1);
        _leases.Tick();
        Assert.False(_leases.Lives(1));
        Assert.Equal(0, Store.State.View().KeyCount);
    }

    [Fact]
    public void KeepAlive_WithoutAKey_RenewsAllKeys()
    {
        _leases.Grant(1, "n", ttl: 10);
        _leases.KeepAlive(1, "a", "1");
        _leases.KeepAlive(1, "b", "2");
        for (var i = 0; i < 5; i++)
        {
            Time.Seconds(6);
            _leases.Tick();
            Assert.NotNull(_leases.KeepAlive(1));
        }

        Assert.Equal(2, Store.State.View().KeyCount);
    }

    [Fact]
    public void Key_AttachedInAnotherWay_SharesTheLeasesDeadline()
    {
        _leases.Grant(1, "n", ttl: 10);
        _leases.KeepAlive(1, "a", "1");
        Store.Put("shared", "x", lease: 1);
        for (var i = 0; i < 5; i++)
        {
            Time.Seconds(6);
            _leases.Tick();
            _leases.KeepAlive(1, "a");
        }

        Assert.Equal("x", Store.Get("shared"));
    }

    [Theory]
    [InlineData(10, 60)]
    [InlineData(100, 100)]
    public void RestGrant_Unclaimed_IsRevokedAfterTheLongerOfTtlAndSixtySeconds(long ttl, double seconds)
    {
        _leases.Grant(1, ttl: ttl);
        Assert.Equal(ttl, _leases.Lessor.TimeToLive(1)!.TtlSeconds);
        Time.Seconds(seconds);
        _leases.Tick();
        Assert.True(_leases.Lives(1));
        Time.Seconds(0.1);
        _leases.Tick();
        Assert.False(_leases.Lives(1));
    }

    [Theory]
    [InlineData("keepalive")]
    [InlineData("key")]
    public void RestGrant_Used_CountsFromItsFirstUse(string use)
    {
        _leases.Grant(1, ttl: 10);
        Time.Seconds(5);
        if (use == "key")
        {
            Store.Put("k", "v", lease: 1);
        }
        else
        {
            _leases.KeepAlive(1);
        }

        Time.Seconds(9.9);
        _leases.Tick();
        Assert.True(_leases.Lives(1));
        Time.Seconds(0.2);
        _leases.Tick();
        Assert.False(_leases.Lives(1));
    }

    [Fact]
    public void EtcdGrant_CountsFromTheGrant_AndAKeyDoesNotRenewIt()
    {
        _leases.Grant(1, "", ttl: 10, LeaseKind.Etcd);
        Time.Seconds(6);
        Store.Put("k", "v", lease: 1);
        Time.Seconds(4.1);
        _leases.Tick();
        Assert.False(_leases.Lives(1));
        Assert.Null(Store.Get("k"));
    }

    [Fact]
    public async Task Renewal_WhileTheExpiryIsProposed_WaitsForItsOutcomeAsync()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(10.1);
        var batch = _leases.Lessor.CollectDue(10)!;
        Assert.Null(_leases.Lessor.CollectDue(10));
        var renewal = _leases.TryRenew(1);
        Assert.Equal(RenewStatus.Wait, renewal.Status);
        Assert.False(renewal.Outcome!.IsCompleted);
        Store.Apply(By.Nobody.LeaseExpire(batch));
        await renewal.Outcome;
        Assert.Equal(RenewStatus.NotFound, _leases.TryRenew(1).Status);
    }

    [Fact]
    public async Task DroppedExpiry_LetsTheRenewalSucceed_OrIsCollectedAgainAsync()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(10.1);
        var batch = _leases.Lessor.CollectDue(10)!;
        var renewal = _leases.TryRenew(1);
        _leases.Lessor.ExpiryDropped(batch);
        await renewal.Outcome!;
        Assert.Equal(batch.Leases, _leases.Lessor.CollectDue(10)!.Leases);
        _leases.Lessor.ExpiryDropped(batch);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        Assert.Null(_leases.Lessor.CollectDue(10));
    }

    [Fact]
    public void KeepAliveEntry_BeforeTheExpiryInTheLog_MakesItVoid()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(10.1);
        var batch = _leases.Lessor.CollectDue(10)!;
        _leases.KeepAliveEntry(1);
        Store.Apply(By.Nobody.LeaseExpire(batch));
        Assert.True(_leases.Lives(1));
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        Time.Seconds(10.1);
        _leases.Tick();
        Assert.False(_leases.Lives(1));
    }

    [Fact]
    public async Task Demote_RenewalsWaiting_LearnThatItDoesNotLeadAsync()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(10.1);
        _leases.Lessor.CollectDue(10);
        var renewal = _leases.TryRenew(1);
        _leases.Lessor.Demote();
        await renewal.Outcome!;
        Assert.Equal(RenewStatus.NotLeader, _leases.TryRenew(1).Status);
        Assert.Equal(RenewStatus.NotLeader, _leases.TryRenew(1, "k", "v").Status);
        Assert.Null(_leases.Lessor.CollectDue(10));
    }

    [Fact]
    public void NewLeader_StartsFromTheCheckpoint_ElseFromTheFullTtl()
    {
        _leases.Grant(1, ttl: 100);
        _leases.Grant(2, ttl: 100);
        _leases.KeepAlive(1);
        Time.Seconds(20);
        _leases.KeepAlive(2);
        Time.Seconds(6);
        _leases.Checkpoint();
        _leases.NewTerm();
        Assert.Equal(74, _leases.Lessor.TimeToLive(1)!.TtlSeconds);
        Assert.Equal(100, _leases.Lessor.TimeToLive(2)!.TtlSeconds);
    }

    [Fact]
    public void Renewal_OfACheckpointedLease_CommitsAnEntryThatClearsIt()
    {
        _leases.Grant(1, ttl: 100);
        _leases.KeepAlive(1);
        Time.Seconds(26);
        var batch = _leases.Lessor.CollectCheckpoints(10)!;
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1).Status);
        Store.Apply(By.Nobody.LeaseCheckpoint(batch));
        Assert.False(_leases.KeepAlive(1));
        _leases.NewTerm();
        Assert.Equal(100, _leases.Lessor.TimeToLive(1)!.TtlSeconds);
    }

    [Fact]
    public void Checkpoint_BehindAKeepAliveEntry_DoesNothing()
    {
        _leases.Grant(1, ttl: 100);
        _leases.KeepAlive(1);
        Time.Seconds(26);
        var batch = _leases.Lessor.CollectCheckpoints(10)!;
        _leases.KeepAliveEntry(1);
        Store.Apply(By.Nobody.LeaseCheckpoint(batch));
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        _leases.NewTerm();
        Assert.Equal(100, _leases.Lessor.TimeToLive(1)!.TtlSeconds);
    }

    [Fact]
    public void Lease_ElectionAtEveryThirdOfTheTtl_EndsWithinTwiceTheTtl()
    {
        _leases.Grant(1, ttl: 30);
        _leases.KeepAlive(1);
        var elapsed = 0.0;
        while (_leases.Lives(1))
        {
            for (var i = 0; i < 100; i++, elapsed += 0.1)
            {
                Time.Seconds(0.1);
                _leases.Tick();
                _leases.Checkpoint();
            }

            _leases.NewTerm();
            Assert.True(elapsed <= 61, $"alive after {elapsed} s");
        }

        Assert.True(elapsed >= 30);
    }

    [Fact]
    public void ElectionAtEveryThirdOfTheTtl_KeyThatIsSilentEnds_ThoughItsLeaseIsRenewed()
    {
        _leases.Grant(1, "n", ttl: 30);
        _leases.KeepAlive(1, "silent", "x");
        var elapsed = 0.0;
        while (Store.Get("n/1/silent") is not null)
        {
            for (var i = 0; i < 100; i++, elapsed += 0.1)
            {
                Time.Seconds(0.1);
                _leases.Tick();
                _leases.Checkpoint();
                if (i % 40 == 0)
                {
                    _leases.KeepAlive(1, "renewed", "y");
                }
            }

            _leases.NewTerm();
            Assert.True(elapsed <= 61, $"alive after {elapsed} s");
        }

        Assert.True(elapsed >= 30);
        Assert.Equal("y", Store.Get("n/1/renewed"));
    }

    [Fact]
    public void RenewalOfACheckpointedKey_CommitsAnEntryThatClearsIt_RenewalsOfOtherKeysDoNot()
    {
        _leases.Grant(1, "n", ttl: 20);
        _leases.KeepAlive(1, "a", "1");
        _leases.KeepAlive(1, "b", "2");
        Time.Seconds(4);
        Assert.True(_leases.KeepAlive(1, "a"));
        Time.Seconds(3);
        _leases.Checkpoint();
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "a").Status);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1, "b").Status);
        Assert.Equal(RenewStatus.NeedsEntry, _leases.TryRenew(1).Status);
        _leases.NewTerm();
        Assert.Equal([20, 13], _leases.Lessor.TimeToLive(1)!.Keys.Select(key => key.TtlSeconds));
        Assert.False(_leases.KeepAlive(1, "b"));
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "b").Status);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1).Status);
        _leases.NewTerm();
        Assert.Equal([20, 20], _leases.Lessor.TimeToLive(1)!.Keys.Select(key => key.TtlSeconds));
    }

    [Fact]
    public void Renewal_ClearsTheLeasesCheckpoint_LeavesItToTheOtherKeys()
    {
        _leases.Grant(1, "n", ttl: 20);
        _leases.KeepAlive(1, "a", "1");
        _leases.KeepAlive(1, "b", "2");
        Time.Seconds(12);
        _leases.Checkpoint();
        Assert.False(_leases.KeepAlive(1, "a"));
        _leases.NewTerm();
        Assert.Equal([20, 8], _leases.Lessor.TimeToLive(1)!.Keys.Select(key => key.TtlSeconds));
        Time.Seconds(8.1);
        _leases.Tick();
        Assert.Null(Store.Get("n/1/b"));
        Assert.Equal("1", Store.Get("n/1/a"));
    }

    [Fact]
    public void Key_SetAnew_HasNothingOfTheCheckpointBefore()
    {
        _leases.Grant(1, "n", ttl: 20);
        _leases.KeepAlive(1, "a", "1");
        _leases.KeepAlive(1, "b", "2");
        Time.Seconds(4);
        _leases.KeepAlive(1, "a");
        Time.Seconds(3);
        _leases.Checkpoint();
        Store.Delete("n/1/b");
        _leases.KeepAlive(1, "b", "3");
        _leases.NewTerm();
        Assert.Equal([20, 20], _leases.Lessor.TimeToLive(1)!.Keys.Select(key => key.TtlSeconds));
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(1, "b").Status);
    }

    [Fact]
    public void Keys_RenewedOneBehindTheOther_WriteNothing()
    {
        _leases.Grant(1, "n", ttl: 10);
        string[] keys = ["a", "b", "c"];
        RenewAll();
        Time.Seconds(3);
        RenewAll();
        var entries = Store.Log.Count;
        for (var i = 0; i < 300; i++)
        {
            Time.Seconds(0.1);
            _leases.Tick();
            _leases.Checkpoint();
            if (i % 30 == 29)
            {
                RenewAll();
            }
        }

        Assert.Equal(entries, Store.Log.Count);

        void RenewAll() => Array.ForEach(keys, key => Assert.NotNull(_leases.KeepAlive(1, key, "v")));
    }

    /// <summary>A promotion costs the same with any number of leases; no client is told that a lease is gone that is only not
    /// taken in yet.</summary>
    [Fact]
    public async Task NewLeader_TakesLeasesInByPortions_AndRenewalsWaitForThemAsync()
    {
        for (var id = 1; id <= 10; id++)
        {
            _leases.Grant(id, ttl: 10);
            _leases.KeepAlive(id);
        }

        _leases.BeginTerm();
        Assert.True(_leases.Lessor.Load(4));
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(4).Status);
        var waiting = _leases.TryRenew(9);
        Assert.Equal(RenewStatus.Wait, waiting.Status);
        var unknown = _leases.TryRenew(11);
        Assert.Equal(RenewStatus.Wait, unknown.Status);

        // What happens meanwhile counts: granted, revoked, renewed by an entry that was proposed to the leader before.
        _leases.Grant(11, ttl: 10, kind: LeaseKind.Etcd);
        Store.Apply(By.Nobody.LeaseRevoke(8));
        Time.Seconds(6);
        Assert.IsType<LeaseKeepAliveResult>(_leases.KeepAliveEntry(10));
        Assert.False(waiting.Outcome!.IsCompleted);
        _leases.LoadAll();
        await waiting.Outcome.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(9).Status);
        Assert.Equal(RenewStatus.NotFound, _leases.TryRenew(8).Status);
        Assert.Equal(RenewStatus.NotFound, _leases.TryRenew(12).Status);
        Assert.Equal(10, _leases.Lessor.TimeToLive(10)!.TtlSeconds);

        Time.Seconds(4.1);
        _leases.Tick();
        Assert.False(_leases.Lives(11)); // counted from its grant
        Assert.True(_leases.Lives(10)); // from its entry
        Assert.True(_leases.Lives(7)); // from when it was taken in
        Time.Seconds(6);
        _leases.Tick();
        Assert.Equal(0, Store.State.View().LeaseCount);
    }

    [Fact]
    public void NewLeader_TakesInTheGreatestIdThereIs_AndIsDone()
    {
        _leases.Grant(1);
        _leases.Grant(long.MaxValue);
        _leases.KeepAliveEntry(long.MaxValue, "k", "v");
        _leases.BeginTerm();
        Assert.True(_leases.Lessor.Load(1)); // the first lease
        Assert.True(_leases.Lessor.Load(1)); // the greatest, without its key
        Assert.False(_leases.Lessor.Load(1)); // its key
        Assert.Equal(RenewStatus.Renewed, _leases.TryRenew(long.MaxValue).Status);
    }

    [Fact]
    public async Task Demote_WhileLoading_WaitersLearnThatItDoesNotLeadAsync()
    {
        _leases.Grant(1);
        _leases.BeginTerm();
        var waiting = _leases.TryRenew(1);
        _leases.Lessor.Demote();
        await waiting.Outcome!.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        Assert.Equal(RenewStatus.NotLeader, _leases.TryRenew(1).Status);
        Assert.False(_leases.Lessor.Load(10));
    }

    [Fact]
    public void StalledLeader_WhoseTermIsOver_ExpiresNothing()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(30);
        var stale = _leases.Lessor.CollectDue(10)!;
        _leases.NewTerm();
        _leases.KeepAlive(1);
        Store.Apply(By.Nobody.LeaseExpire(stale));
        Assert.True(_leases.Lives(1));
    }

    [Fact]
    public void Lessor_WallClockJumps_ChangesNothing()
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.WallClock += TimeSpan.FromDays(365);
        _leases.Tick();
        Time.WallClock -= TimeSpan.FromDays(730);
        Time.Seconds(9);
        _leases.Tick();
        Assert.True(_leases.Lives(1));
    }

    [Fact]
    public void Grant_LongestTtl_DoesNotOverflow()
    {
        _leases.Grant(1, ttl: Bounds.MaxLeaseTtlSeconds);
        _leases.KeepAlive(1);
        Time.Advance(TimeSpan.FromDays(3650));
        _leases.Tick();
        Assert.InRange(_leases.Lessor.TimeToLive(1)!.TtlSeconds, 1, Bounds.MaxLeaseTtlSeconds);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(0.8, 10)]
    [InlineData(1.1, 9)]
    [InlineData(9.9, 1)]
    [InlineData(11, 0)]
    public void RemainingSeconds_RoundUp_AreNeverNegative(double after, long expected)
    {
        _leases.Grant(1, ttl: 10);
        _leases.KeepAlive(1);
        Time.Seconds(after);
        Assert.Equal(expected, _leases.Lessor.TimeToLive(1)!.TtlSeconds);
    }

    [Fact]
    public void LeasedKeys_AreOrderedByNameIdKey_AndFoundByLeaseState()
    {
        _leases.Grant(20, "/esq/node-2");
        _leases.Grant(10, "/esq/node-1");
        _leases.Grant(9, "/esq/node-1");
        _leases.Grant(1, "/other");
        _leases.KeepAlive(20, "nodeinfo1", "d");
        _leases.KeepAlive(10, "nodeinfo", "c");
        _leases.KeepAlive(9, "nodeinfo", "b");
        _leases.KeepAlive(9, "a", "a");
        _leases.KeepAlive(1, "nodeinfo", "x");
        // A user's key that looks like a leased one is none.
        Store.Put("/esq/node-1/5/nodeinfo", "fake");
        Assert.Equal("b c d", Data("/esq/node", "nodeinfo", exact: false));
        Assert.Equal("b c", Data("/esq/node", "nodeinfo", exact: true));
        Assert.Equal("a b c d", Data("/esq/", "", exact: false));
        Assert.Equal(
            "/esq/node-1 9, /esq/node-1 10, /esq/node-2 20, /other 1",
            string.Join(", ", _leases.Lessor.Leases("").Items.Select(lease => $"{lease.Name} {lease.Id}")));
        Assert.Equal(3, _leases.Lessor.Leases("/esq").Items.Count);

        string Data(string prefix, string key, bool exact) => string.Join(' ', _leases
            .LeasedKeys(new LeasedKeysRequest { NamePrefix = prefix, Key = TestStore.Bytes(key), Exact = exact })
            .Items.Select(item => Encoding.UTF8.GetString(item.Value.Span)));
    }

    [Fact]
    public void Collect_ManyExpireAtOnce_ComeInBatches()
    {
        for (var i = 1; i <= 5000; i++)
        {
            _leases.Grant(i, "", ttl: 5, LeaseKind.Etcd);
        }

        Time.Seconds(5.1);
        var first = _leases.Lessor.CollectDue(1000)!;
        Assert.Equal(1000, first.Leases.Count);
        Store.Apply(By.Nobody.LeaseExpire(first));
        _leases.Tick();
        Assert.Equal(0, Store.State.View().LeaseCount);
    }

    public void Dispose() => _leases.Dispose();
}
