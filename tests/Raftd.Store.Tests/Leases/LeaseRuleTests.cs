using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Leases;
using Raftd.State.Timekeeping;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing;

namespace Raftd.Store.Tests.Leases;

/// <summary>The sentences of docs/leases.md that apply keeps, one test each.</summary>
public sealed class LeaseRuleTests : IDisposable
{
    private readonly LeaseFixture _leases = new();

    private TestStore Store => _leases.Store;

    [Fact]
    public void IdThatExists_IsRefused_SoThatTheProposerDrawsAnother()
    {
        _leases.Grant(1);
        Assert.Equal(ApplyError.LeaseExists, Error(_leases.TryGrant(1, "other")));
    }

    [Fact]
    public void UniqueName_HeldByALiveLease_IsRefused()
    {
        _leases.Grant(1, "n");
        Assert.Equal(ApplyError.NameTaken, Error(_leases.TryGrant(2, "n", unique: true)));
        Assert.IsType<LeaseGrantResult>(_leases.TryGrant(3, "n"));
        Assert.IsType<LeaseGrantResult>(_leases.TryGrant(4, "nn", unique: true));
        Store.Apply(By.Nobody.LeaseRevoke(1));
        Store.Apply(By.Nobody.LeaseRevoke(3));
        Assert.IsType<LeaseGrantResult>(_leases.TryGrant(5, "n", unique: true));
    }

    [Theory]
    [InlineData(0, 10, ApplyError.LeaseIdOutOfRange)]
    [InlineData(-5, 10, ApplyError.LeaseIdOutOfRange)]
    [InlineData(1, 0, ApplyError.TtlOutOfRange)]
    [InlineData(1, -1, ApplyError.TtlOutOfRange)]
    [InlineData(1, 9_000_000_001, ApplyError.TtlOutOfRange)]
    [InlineData(1, long.MaxValue, ApplyError.TtlOutOfRange)]
    public void Grant_OutOfRange_IsRefused(long id, long ttl, ApplyError error) =>
        Assert.Equal(error, Error(_leases.TryGrant(id, ttl: ttl)));

    [Fact]
    public void KeepAliveWithData_SetsNameIdKey_WithTheLeaseAttached()
    {
        _leases.Grant(7, "/esq/node-1");
        Assert.IsType<LeaseKeepAliveResult>(_leases.KeepAliveEntry(7, "nodeinfo", "{}"));
        Assert.True(Store.State.TryGet("/esq/node-1/7/nodeinfo"u8, out var item));
        Assert.Equal(7, item.Lease);
        Assert.Equal("{}", Encoding.UTF8.GetString(item.Value.Span));
        Assert.Equal(LeaseStatus.Alive, _leases.Lessor.TimeToLive(7)!.Status);
    }

    [Fact]
    public void KeepAliveEntry_EqualData_MakesNoRevision()
    {
        _leases.Grant(7);
        _leases.KeepAliveEntry(7, "k", "v");
        var revision = Store.Revision;
        _leases.KeepAliveEntry(7, "k", "v");
        Assert.Equal(revision, Store.Revision);
        _leases.KeepAliveEntry(7, "k", "w");
        Assert.Equal(revision + 1, Store.Revision);
    }

    [Fact]
    public void KeepAlive_UnknownLeaseOrMissingOrReservedKey_IsRefused()
    {
        Assert.Equal(ApplyError.LeaseNotFound, Error(_leases.KeepAliveEntry(7)));
        _leases.Grant(7);
        Assert.Equal(ApplyError.KeyNotFound, Error(_leases.KeepAliveEntry(7, "k")));
        Assert.Equal(ApplyError.KeyReserved, Error(_leases.KeepAliveEntry(7, "meta", "x")));
        Assert.Equal(ApplyError.DataWithoutKey, Error(_leases.KeepAliveEntry(7, null, "x")));
    }

    [Fact]
    public void Put_UnknownLease_IsRefused()
    {
        Assert.Equal(ApplyError.LeaseNotFound, Error(Store.TryPut("k", "v", lease: 5)));
        Assert.Null(Store.Get("k"));
    }

    [Fact]
    public void Revoke_LeaseOfSeveralKeys_DeletesThemInOneRevision()
    {
        _leases.Grant(7);
        Store.Put("a", "1", lease: 7);
        Store.Put("b", "2", lease: 7);
        _leases.KeepAliveEntry(7, "c", "3");
        Store.Put("other", "4");
        var before = Store.Revision;
        Assert.Equal(new LeaseRevokeResult(before + 1, 3), Store.Apply(By.Nobody.LeaseRevoke(7)));
        Assert.Equal(before + 1, Store.Revision);
        Assert.Equal(1, Store.State.View().KeyCount);
        Assert.False(_leases.Lives(7));
        Assert.Equal(ApplyError.LeaseNotFound, Error(Store.Apply(By.Nobody.LeaseRevoke(7))));
    }

    [Fact]
    public void Revoke_LeaseWithoutKeys_MakesNoRevision()
    {
        _leases.Grant(7);
        Store.Apply(By.Nobody.LeaseRevoke(7));
        Assert.Equal(1, Store.Revision);
    }

    [Fact]
    public void UsersOverwriteOrDelete_DetachesTheKey_TheLeaseLivesOn()
    {
        _leases.Grant(7);
        Store.Put("a", "1", lease: 7);
        Store.Put("b", "2", lease: 7);
        Store.Put("a", "mine");
        Store.Delete("b");
        Store.Apply(By.Nobody.LeaseRevoke(7));
        Assert.Equal("mine", Store.Get("a"));
    }

    [Fact]
    public void UsersDeleteOfTheLastOwnKey_LeavesTheLease_AndAKeepAliveSetsTheKeyAgain()
    {
        _leases.Grant(7, "n");
        _leases.KeepAliveEntry(7, "k", "v");
        Store.Delete("n/7/k");
        Assert.True(_leases.Lives(7));
        Assert.False(_leases.KeepAlive(7, "k", "v"));
        Assert.Equal("v", Store.Get("n/7/k"));
    }

    [Fact]
    public void Key_MovedToAnotherLease_GoesWithTheNewOne()
    {
        _leases.Grant(1);
        _leases.Grant(2);
        Store.Put("k", "v", lease: 1);
        Store.Put("k", "v", lease: 2);
        Store.Apply(By.Nobody.LeaseRevoke(1));
        Assert.Equal("v", Store.Get("k"));
        Store.Apply(By.Nobody.LeaseRevoke(2));
        Assert.Null(Store.Get("k"));
    }

    [Fact]
    public void TtlOfPut_MakesAHiddenLease_ThatShowsInNoList()
    {
        _leases.PutWithTtl("k", "v", ttl: 5);
        Assert.True(Store.State.TryGet("k"u8, out var item));
        Assert.NotEqual(0, item.Lease);
        Assert.Equal(5, _leases.Lessor.TimeToLive(item.Lease)!.TtlSeconds);
        Assert.Empty(_leases.Lessor.Leases("").Items);
        Assert.Empty(_leases.LeasedKeys(new LeasedKeysRequest { NamePrefix = "", Key = default }).Items);
    }

    [Theory]
    [InlineData("overwrite")]
    [InlineData("delete")]
    [InlineData("delete range")]
    [InlineData("another ttl")]
    [InlineData("a lease")]
    public void HiddenLease_ItsKeyOverwrittenOrDeleted_IsRevoked(string how)
    {
        _leases.Grant(1);
        _leases.PutWithTtl("k", "v", ttl: 5);
        Assert.True(Store.State.TryGet("k"u8, out var before));
        _ = how switch
        {
            "overwrite" => (CommandResult)Store.Put("k", "w"),
            "delete" => Store.Delete("k"),
            "delete range" => Store.Delete("a", "z"),
            "another ttl" => _leases.PutWithTtl("k", "w", ttl: 50),
            _ => Store.Put("k", "w", lease: 1),
        };
        Assert.False(_leases.Lives(before.Lease));
        Assert.Equal(how == "another ttl" ? 2 : 1, Store.State.View().LeaseCount);
        _leases.Time.Seconds(6);
        _leases.Tick();
        Assert.Equal(how.StartsWith("delete", StringComparison.Ordinal) ? null : "w", Store.Get("k"));
        Assert.Null(Store.State.Audit());
    }

    [Fact]
    public void HiddenLease_AnotherKey_IsNotTaken()
    {
        _leases.PutWithTtl("k", "v", ttl: 5);
        Assert.True(Store.State.TryGet("k"u8, out var item));
        Assert.Equal(ApplyError.LeaseNotFound, Error(Store.TryPut("other", "v", lease: item.Lease)));
        Assert.Equal(ApplyError.LeaseNotFound, Error(_leases.KeepAliveEntry(item.Lease, "own", "v")));
    }

    [Fact]
    public void Expiry_OfAnotherTermOrGeneration_DoesNothing()
    {
        _leases.Grant(7);
        Store.Put("k", "v", lease: 7);
        Store.Term = 3;
        Expire(term: 2, generation: 2);
        Expire(term: 4, generation: 2);
        Expire(term: 3, generation: 1);
        Assert.Equal("v", Store.Get("k"));
        Expire(term: 3, generation: 2);
        Assert.Null(Store.Get("k"));
        Assert.False(_leases.Lives(7));

        void Expire(ulong term, long generation) => Store.Apply(By.Nobody.LeaseExpire(
            new LeaseExpireCommand(term, [new LeaseExpiry(7, generation)], [])));
    }

    [Fact]
    public void KeyExpiry_BehindAChangeOfTheKeyOrAKeepAlive_DoesNothing()
    {
        _leases.Grant(7, "n");
        _leases.KeepAliveEntry(7, "k", "v");
        Assert.True(Store.State.TryGet("n/7/k"u8, out var item));
        _leases.KeepAliveEntry(7, "k", "v");
        Expire(generation: 2, item.ModRevision);
        Expire(generation: 3, item.ModRevision - 1);
        Assert.Equal("v", Store.Get("n/7/k"));
        Expire(generation: 3, item.ModRevision);
        Assert.Null(Store.Get("n/7/k"));
        Assert.False(_leases.Lives(7));

        void Expire(long generation, long revision) => Store.Apply(By.Nobody.LeaseExpire(new LeaseExpireCommand(
            Store.Term, [], [new LeaseKeyExpiry(7, generation, TestStore.Bytes("n/7/k"), revision)])));
    }

    [Fact]
    public void ExpiryBatch_OfSeveralLeases_GivesEachARevisionOfItsOwn()
    {
        _leases.Grant(1);
        _leases.Grant(2);
        Store.Put("a", "1", lease: 1);
        Store.Put("b", "2", lease: 1);
        Store.Put("c", "3", lease: 2);
        var before = Store.Revision;
        var result = Store.Apply(By.Nobody.LeaseExpire(
            new LeaseExpireCommand(Store.Term, [new LeaseExpiry(1, 2), new LeaseExpiry(2, 2)], [])));
        Assert.Equal(new LeaseExpireResult(before + 2, 2, 3), result);
    }

    [Fact]
    public void Leases_SurviveARestart_WithStatusGenerationCheckpointAndKeys()
    {
        _leases.Grant(7, "n", ttl: 100);
        _leases.KeepAliveEntry(7, "k", "v");
        _leases.PutWithTtl("hidden", "v", ttl: 5);
        var keyRevision = Store.State.View().Revision - 1;
        Store.Apply(By.Nobody.LeaseCheckpoint(new LeaseCheckpointCommand(
            Store.Term,
            [new LeaseRemaining(7, 2, 42_000)],
            [new LeaseKeyRemaining(7, 2, "n/7/k"u8.ToArray(), keyRevision, 7_000)])));
        Store.Flush();
        var log = Store.Log.Count;
        Store.Restart();
        Assert.Equal((ulong)log, Store.State.FlushedIndex);
        Assert.Null(Store.State.Audit());
        var restarted = new Lessor(Store.State, _leases.Time);
        var lease = restarted.TimeToLive(7)!;
        Assert.Equal((LeaseStatus.Alive, 100, 42), (lease.Status, lease.GrantedTtlSeconds, lease.TtlSeconds));
        Assert.Equal("n/7/k", Encoding.UTF8.GetString(Assert.Single(lease.Keys).Key.Span));
        Assert.Equal(2, Store.State.View().LeaseCount);

        restarted.Promote(Store.Term);
        Assert.False(restarted.Load(10));
        Assert.Equal(7, Assert.Single(restarted.TimeToLive(7)!.Keys).TtlSeconds);
    }

    public void Dispose() => _leases.Dispose();

    private static ApplyError Error(CommandResult result) => Assert.IsType<ErrorResult>(result).Error;
}
