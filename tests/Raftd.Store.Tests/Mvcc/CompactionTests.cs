using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.Store.Buckets;
using Raftd.Testing;

namespace Raftd.Store.Tests.Mvcc;

public sealed class CompactionTests
{
    // The key's life: put at 2, put at 3, deleted at 4, put at 5 (created anew), another key at 6.
    [Theory]
    [InlineData(2, 2, "a")]
    [InlineData(3, 3, "b")]
    [InlineData(4, 4, null)]
    [InlineData(5, 5, "c")]
    [InlineData(6, 6, "c")]
    [InlineData(3, 4, null)]
    [InlineData(3, 5, "c")]
    public void Read_AtTheCompactRevisionAndAbove_StaysPossible(long compact, long read, string? expected)
    {
        foreach (var (flushBefore, restart) in new[] { (false, false), (true, false), (true, true), (false, true) })
        {
            using var store = Life();
            if (flushBefore)
            {
                store.Flush();
            }

            store.Compact(compact);
            store.Flush();
            if (restart)
            {
                store.Restart();
            }

            var items = store.Range("k", revision: read).Items;
            Assert.Equal(expected ?? "", string.Join(' ', items.Select(item => Text(item.Value))));
            Assert.Equal(
                ErrorCode.Compacted,
                Assert.Throws<StoreException>(() => store.Range("k", revision: compact - 1)).Code);
            Assert.Null(store.State.Audit());
        }
    }

    /// <summary>etcd's rule against duplicate keys has two holes, through which a transaction changes a key twice: a deletion to the
    /// end of the keyspace before a put, and a deletion in a nested transaction after one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Compact_AtARevisionThatChangesAKeyTwice_KeepsBothForAWatchFromIt(bool isDeletedFirst)
    {
        using var store = new TestStore();
        for (var before = 2; before <= 6; before++)
        {
            store.Put("k", "before");
        }

        var delete = new TxnOperation { DeleteRange = new DeleteRangeRequest { Key = "k"u8.ToArray(), RangeEnd = new byte[1] } };
        var put = new TxnOperation { Put = new PutRequest { Key = "k"u8.ToArray(), Value = "after"u8.ToArray() } };
        var txn = new TxnRequest
        {
            Success = isDeletedFirst ? [delete, put] : [put, new TxnOperation { Txn = new TxnRequest { Success = [delete] } }],
        };
        TxnCheck.Require(txn);
        store.Apply(By.Nobody.Txn(txn));
        var at = store.Revision;
        store.Put("other", "");

        store.Compact(at);
        store.Flush();
        RequireBoth();
        Assert.Equal((64 + "k".Length) + (64 + "kafter".Length) + (64 + "other".Length), store.State.View().LogicalBytes);
        var logical = store.State.View().LogicalBytes;
        store.Restart();
        Assert.Equal(logical, store.State.View().LogicalBytes);
        RequireBoth();

        store.Compact(at + 1);
        store.Flush();
        Assert.Null(store.State.Audit());
        Assert.Equal(isDeletedFirst ? "7.1 8.0" : "8.0", Kept(store));
        logical = store.State.View().LogicalBytes;
        store.Restart();
        Assert.Equal(logical, store.State.View().LogicalBytes);

        void RequireBoth()
        {
            Assert.Null(store.State.Audit());
            var changes = store.State.View().Changes(new Revision(at, 0), maxBytes: 1 << 20).Changes;
            Assert.Equal(
                isDeletedFirst ? "0 -k, 1 k, 0 other" : "0 k, 1 -k, 0 other",
                string.Join(", ", changes.Select(static change => $"{change.Revision.Sub} {(change.IsTombstone ? "-" : "")}{Text(change.Key)}")));
        }
    }

    /// <summary>The example at the top of Keyspace.cs, step by step: which of the key's records are kept.</summary>
    /// <summary>The index is cleaned some keys at a time: what it still knows is not shown.</summary>
    [Fact]
    public void Versions_OfAKeyThatIsNotCleanedYet_EndAtTheCompactRevision()
    {
        using var store = new TestStore();
        var keys = Enumerable.Range(0, 500).Select(static i => $"key-{i:D3}").ToArray();
        foreach (var key in keys.Concat(keys))
        {
            store.Put(key, "v");
        }

        store.Compact(store.Revision);
        var request = new VersionPageRequest { Key = TestStore.Bytes(keys[^1]), MaxValueBytes = 0, MaxItems = 9, MaxBytes = 999 };
        Assert.Equal(store.Revision, Assert.Single(store.State.View().Versions(request).Items).Version.ModRevision);
    }

    [Fact]
    public void Compact_OneKeysLife_KeepsWhatCanBeRead()
    {
        using var store = new TestStore();
        for (var other = 2; other <= 6; other++)
        {
            store.Put($"other {other}", "");
        }

        store.Put("k", "a");
        store.Delete("k");
        store.Put("k", "b");
        store.Compact(8);
        Assert.Equal("8.0 9.0", Kept(store));
        var newest = store.Put("k", "c").Revision;
        Assert.Equal((10, "8.0 9.0 10.0"), (newest, Kept(store)));
        store.Compact(9);
        Assert.Equal("9.0 10.0", Kept(store));
        store.Compact(10);
        Assert.Equal("10.0", Kept(store));
        Assert.Equal((9, 2), (store.Range("k").Items[0].CreateRevision, store.Range("k").Items[0].Version));
    }

    [Fact]
    public void Compact_OutOfBounds_IsRefusedAsInEtcd()
    {
        using var store = Life();
        Assert.IsType<CompactResult>(store.Compact(4));
        Assert.Equal(ApplyError.Compacted, Assert.IsType<ErrorResult>(store.Compact(4)).Error);
        Assert.Equal(ApplyError.Compacted, Assert.IsType<ErrorResult>(store.Compact(3)).Error);
        Assert.Equal(ApplyError.FutureRevision, Assert.IsType<ErrorResult>(store.Compact(7)).Error);
        Assert.IsType<CompactResult>(store.Compact(6));
        Assert.Equal(4, store.State.View().CompactRevision - 2);
    }

    [Fact]
    public void DeadRecords_LeaveTheStore_AndTheLogicalBytes()
    {
        using var store = Life();
        store.Flush();
        Assert.Equal(5, Records(store));
        store.Compact(6);
        while (store.Flush())
        {
        }

        // The last put of k and the other key.
        Assert.Equal(2, Records(store));
        Assert.Equal(2 * (1 + 1 + RevisionRecord.OverheadBytes), store.State.View().LogicalBytes);
        Assert.Equal(0, store.State.View().HistoryBytes);
    }

    [Fact]
    public void Tombstone_AtTheCompactRevision_StaysForOneMore()
    {
        using var store = Life();
        store.Delete("k");
        store.Put("other", "x");
        store.Compact(7);
        while (store.Flush())
        {
        }

        Assert.Equal(3, Records(store));
        store.Restart();
        store.Compact(8);
        while (store.Flush())
        {
        }

        Assert.Equal(2, Records(store));
    }

    [Fact]
    public void Compact_RestartBetweenItsSteps_GoesOn()
    {
        using var store = new TestStore(new StoreOptions { MaxDeletesPerFlush = 7 });
        for (var i = 0; i < 100; i++)
        {
            store.Put("k", $"{i}");
        }

        store.Flush();
        store.Compact(store.Revision);
        store.Flush();
        Assert.Equal(93, Records(store));
        store.Restart();
        Assert.Equal("99", store.Get("k"));
        while (store.Flush())
        {
        }

        Assert.Equal(1, Records(store));
        Assert.Null(store.State.Audit());
    }

    [Fact]
    public void ViewFromBeforeACompaction_SaysCompacted_NeverNotFound()
    {
        using var store = new TestStore(new StoreOptions { CacheBytes = 0 });
        store.Put("k", "old");
        var view = store.State.View();
        store.Put("k", "new");
        store.Flush();
        store.Compact(store.Revision);
        while (store.Flush())
        {
        }

        var error = Assert.Throws<StoreException>(() => view.TryGet("k"u8, out _));
        Assert.Equal(ErrorCode.Compacted, error.Code);
        Assert.Equal("new", store.Get("k"));
    }

    private static TestStore Life()
    {
        var store = new TestStore();
        store.Put("k", "a");
        store.Put("k", "b");
        store.Delete("k");
        store.Put("k", "c");
        store.Put("o", "x");
        return store;
    }

    /// <summary>The stored records above revision 6, when all is flushed.</summary>
    private static string Kept(TestStore store)
    {
        while (store.Flush())
        {
        }

        using var reader = store.Directory.Current.BeginRead();
        using var cursor = reader.OpenCursor(Bucket.Revisions);
        var kept = new List<Revision>();
        for (var found = cursor.Seek([]); found; found = cursor.MoveNext())
        {
            kept.Add(Revision.ReadFrom(cursor.Key));
        }

        return string.Join(' ', kept.Where(static revision => revision.Main > 6));
    }

    private static long Records(TestStore store)
    {
        using var reader = store.Directory.Current.BeginRead();
        return reader.Count(Bucket.Revisions);
    }

    private static string Text(ReadOnlyMemory<byte> value) => System.Text.Encoding.UTF8.GetString(value.Span);
}
