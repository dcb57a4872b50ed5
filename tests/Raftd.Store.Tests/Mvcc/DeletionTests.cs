using Raftd.Contract;
using Raftd.Shared;
using Raftd.State.Commands;
using Raftd.State.Leases;
using Raftd.Testing;

namespace Raftd.Store.Tests.Mvcc;

/// <summary>Entries that delete many keys: one revision, in slices that show nothing before the last.</summary>
public sealed class DeletionTests
{
    private const int Keys = 1000;

    private static readonly StoreOptions SmallSlices = new() { SliceKeys = 7 };

    private static readonly ReadOnlyMemory<byte> DeleteAll =
        By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "k"u8.ToArray(), RangeEnd = "l"u8.ToArray() });

    [Fact]
    public void DeleteRange_ManyKeys_IsOneRevisionAndShowsNothingBeforeTheLastSlice()
    {
        using var store = Filled(SmallSlices);
        var revision = store.Revision;
        Assert.Null(store.State.Apply(NextIndex(store), 1, DeleteAll));
        CommandResult? result = null;
        var slices = 0;
        while (result is null)
        {
            result = store.State.ApplySlice();
            slices++;
            Assert.Equal(Keys, store.State.View().KeyCount);
            Assert.Equal("v", store.Get("k-500"));
        }

        Assert.Equal(new DeleteRangeResult(revision + 1, true, Keys), result);
        Assert.Equal((Keys / SmallSlices.SliceKeys) + 1, slices);
        store.State.Publish();
        Assert.Equal(0, store.State.View().KeyCount);
        Assert.Equal(revision + 1, store.Revision);
        Assert.Equal(Keys, store.Range("k", "l", revision).Items.Count);
        Assert.Null(store.State.Audit());
    }

    /// <summary>The size of a slice is each member's own: a member with other slices has the same state.</summary>
    [Fact]
    public void Slices_OfAnySize_LeaveTheSameState()
    {
        var expected = (AppliedState?)null;
        foreach (var keys in (int[])[1, 2, 7, Keys - 1, Keys, Keys + 1])
        {
            using var store = Filled(new StoreOptions { SliceKeys = keys });
            store.Apply(By.Nobody.LeaseRevoke(1));
            store.Apply(By.Nobody.LeaseExpire(new LeaseExpireCommand(1, [new LeaseExpiry(2, 1)], [])));
            store.Apply(DeleteAll);
            expected ??= store.State.Applied;
            Assert.Equal(expected, store.State.Applied);
            Assert.Equal(0, store.State.View().KeyCount);
            Assert.Null(store.State.Audit());
        }
    }

    [Fact]
    public void Revoke_ALeaseWithManyKeys_IsOneRevision()
    {
        using var store = Filled(SmallSlices);
        var revision = store.Revision;
        Assert.Null(store.State.Apply(NextIndex(store), 1, By.Nobody.LeaseRevoke(1)));
        Assert.Equal(new LeaseRevokeResult(revision + 1, Keys / 4), Finish(store));
        Assert.Null(store.Get("k-0"));
        Assert.NotNull(store.Get("k-1"));
        Assert.Null(store.State.Audit());
    }

    [Fact]
    public void Expire_ManyKeysInSeveralLeases_EachLeaseHasARevision()
    {
        using var store = Filled(SmallSlices);
        var revision = store.Revision;
        Assert.Null(store.State.Apply(
            NextIndex(store),
            1,
            By.Nobody.LeaseExpire(new LeaseExpireCommand(1, [new LeaseExpiry(1, 1), new LeaseExpiry(2, 1)], []))));
        Assert.Equal(new LeaseExpireResult(revision + 2, 2, Keys / 2), Finish(store));
        Assert.Null(store.State.Audit());
    }

    /// <summary>What the working state holds in the middle of an entry is no state of any index.</summary>
    [Fact]
    public void Deletion_MidEntry_NothingIsFrozenOrPublished()
    {
        using var store = Filled(SmallSlices);
        store.Apply(By.Nobody.Put(new PutRequest { Key = "other"u8.ToArray(), Value = "v"u8.ToArray() }));
        store.State.Apply(NextIndex(store), 1, DeleteAll);
        store.State.ApplySlice();
        Assert.False(store.State.TryFreeze(out _));
        Assert.Throws<InvariantViolationException>(store.State.Publish);
        Assert.Throws<InvariantViolationException>(() => store.State.Apply(NextIndex(store) + 1, 1, DeleteAll));
        Finish(store);
        Assert.True(store.State.TryFreeze(out _));
    }

    [Fact]
    public void Crash_MidEntry_BeginsItAnew()
    {
        using var store = Filled(SmallSlices);
        store.Flush();
        store.Apply(DeleteAll, publish: false);
        var whole = store.State.Applied;
        store.Restart();
        store.State.Publish();
        Assert.Equal(whole, store.State.Applied);

        // The same entry, of which a crash saw half.
        using var crashed = Filled(SmallSlices);
        crashed.Flush();
        crashed.Log.Add((NextIndex(crashed), 1, DeleteAll));
        crashed.State.Apply(NextIndex(crashed), 1, DeleteAll);
        crashed.State.ApplySlice();
        crashed.Restart();
        Assert.Equal(whole, crashed.State.Applied);
        Assert.Null(crashed.State.Audit());
    }

    /// <summary>A range that holds nothing but a million tombstones is passed over, not walked.</summary>
    [Fact]
    public void LiveIn_AmongTombstones_VisitsTheLiveKeysOnly()
    {
        using var store = Filled(new StoreOptions());
        store.Apply(DeleteAll);
        store.Put("k-0500", "alive");
        Assert.Equal(1, store.Delete("k", "l").Deleted);
        Assert.Equal(0, store.Delete("k", "l").Deleted);
    }

    /// <summary>Half of the keys belong to lease 1 or 2, the others to none or to one of their own.</summary>
    private static TestStore Filled(StoreOptions options)
    {
        var store = new TestStore(options);
        store.Apply(By.Nobody.LeaseGrant(1, "one", 60, false, LeaseKind.Etcd));
        store.Apply(By.Nobody.LeaseGrant(2, "two", 60, false, LeaseKind.Etcd));
        for (var i = 0; i < Keys; i++)
        {
            store.Put($"k-{i}", "v", lease: (i % 4) switch { 0 => 1, 1 => 2, _ => 0 }, ttl: i % 4 == 2 ? 60 : 0, hidden: 100 + i);
        }

        return store;
    }

    private static ulong NextIndex(TestStore store) => store.State.Applied.Index + 1;

    private static CommandResult Finish(TestStore store)
    {
        CommandResult? result = null;
        while (result is null)
        {
            result = store.State.ApplySlice();
        }

        store.State.Publish();
        return result;
    }
}
