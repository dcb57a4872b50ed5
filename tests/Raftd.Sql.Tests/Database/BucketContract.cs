// What every database behind the seam is held to where it has several buckets.

using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Leases;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.Database;

/// <summary>Derive, and give a database with the default bucket alone.</summary>
public abstract class BucketContract : IDisposable
{
    private readonly List<IDisposable> _opened = [];
    private IDatabase? _database;

    private IDatabase Database => _database ??= NewDatabase();

    [Fact]
    public void Buckets_OfANewDatabase_AreTheDefaultOne()
    {
        var bucket = Assert.Single(Open().Buckets());
        Assert.Equal((BucketRow.DefaultId, BucketNames.Default, Database.ClusterId), (bucket.Id, bucket.Name, bucket.ClusterId));
        Assert.Equal((1L, 1L, 0L, 0UL), (bucket.Seq, bucket.Revision, bucket.KeyCount, bucket.Leader));
    }

    [Fact]
    public void Bucket_ThatWasMade_HasItsFirstRow_AndIsListedWithTheLast()
    {
        var row = Make("a");
        var first = LogRow.First with { Epoch = 1, Leader = 77 };
        using (var snapshot = Open(row).Snapshot([]))
        {
            Assert.Equal(Described.Of(first), Described.Of(snapshot.Last));
        }

        new BatchScript(first).Put("k", "v").Commit(Open(row));
        var listed = Open().Buckets()[1];
        Assert.Equal(row with { Seq = 2, Revision = 2, KeyCount = 1, Swept = listed.Swept }, listed);
        Assert.Equal((row.Name, row.ClusterId), (Database.OfBucket(row).Bucket, Database.OfBucket(row).ClusterId));
    }

    [Fact]
    public void Commits_OfTwoBuckets_DoNotMeet()
    {
        var (one, two) = (Make("one"), Make("two"));
        var (first, second) = (new BatchScript(FirstRow), new BatchScript(FirstRow));
        first.Put("k", "1").Commit(Open(one));
        second.Put("k", "2").Put("l", "2").Commit(Open(two));
        using var ofOne = Open(one).Snapshot([Bytes("k"), Bytes("l")]);
        using var ofTwo = Open(two).Snapshot([Bytes("k"), Bytes("l")]);
        Assert.Equal((2L, 3L), (ofOne.Last.Revision, ofTwo.Last.Revision));
        Assert.Equal(("1", "2"), (ValueOf(ofOne, "k"), ValueOf(ofTwo, "k")));
        Assert.Null(ofOne.Find(Bytes("l")));
        Assert.Equal("k@2.0", Described.Versions(ofOne.Changes(default, 1 << 20)));
        using var ofDefault = Open().Snapshot([Bytes("k")]);
        Assert.Null(ofDefault.Find(Bytes("k")));
    }

    [Fact]
    public void Name_ThatIsTaken_MakesNoBucket()
    {
        var row = Make("a");
        Assert.False(Open().AddBucket(row with { Id = row.Id + 1, ClusterId = 99 }, FirstRow));
        Assert.Equal(2, Open().Buckets().Count);
        Assert.Single(Open(row).LogFrom(1, 9));
    }

    [Fact]
    public void Number_ThatIsNotTheHighest_MakesNoBucket()
    {
        Make("a");
        var high = Make("b");
        Assert.False(Open().AddBucket(high with { Name = "c", ClusterId = 99 }, FirstRow));
        Assert.False(Open().AddBucket(high with { Id = high.Id - 1, Name = "c", ClusterId = 99 }, FirstRow));
        Assert.Equal("default a b", NamesOf(Open()));
        Assert.Single(Open(high).LogFrom(1, 9));
    }

    [Fact]
    public void End_TakesTheName_AndNoCommitComesBehindIt()
    {
        var row = Make("a");
        var script = new BatchScript(FirstRow);
        script.Put("k", "v").Commit(Open(row));
        var late = script.Put("k", "late").Take();
        Assert.True(Open(row).Commit(EndOf(late.Before)));
        Assert.False(Open(row).Commit(late));
        var removed = Open().Buckets()[1];
        Assert.Equal((BucketRow.RemovedName(row.Id), true, false), (removed.Name, removed.IsRemoved, removed.IsLive));
        Assert.True(Make("a").Id > row.Id);
    }

    /// <summary>A step at a time; the end of the log stays to the last, and what a front still holds is never committed.</summary>
    [Fact]
    public void RemovedBucket_IsClearedInSteps_AndNothingIsResurrected()
    {
        var (row, other) = (Make("a"), Make("other"));
        var script = new BatchScript(FirstRow);
        for (var number = 0; number < 7; number++)
        {
            var batch = script.Put($"k{number}", "v").Take();
            var lease = new LeaseRecord
            {
                Id = number + 1,
                Name = Bytes($"l{number}"),
                TtlSeconds = 10,
                Kind = LeaseKind.Rest,
                Status = LeaseStatus.Alive,
                Hidden = false,
                Generation = 1,
            };
            Assert.True(Open(row).Commit(batch with
            {
                Leases = [new LeaseRowChange(number + 1, lease)],
                LeaseKeys = [new LeaseKeyRowChange(number + 1, Bytes($"k{number}"), new LeaseKeyRecord(OwnDeadline: false, 2))],
                Meta = [new MetaChange($"m{number}", Bytes("v"))],
            }));
        }

        new BatchScript(FirstRow).Put("kept", "v").Commit(Open(other));
        var late = script.Put("late", "v").Take();
        Assert.True(Open(row).Commit(EndOf(late.Before)));
        var session = Open();
        var steps = 0;
        while (session.ClearBucket(row.Id, 3))
        {
            steps++;
            Assert.False(Open(row).Commit(late));
            Assert.InRange(steps, 1, 60);
        }

        Assert.False(Open(row).Commit(late));
        Assert.Empty(Open(row).LogFrom(1, 99));
        Assert.Throws<DatabaseException>(() => Open(row).Snapshot([]));
        Assert.False(session.ClearBucket(row.Id, 3));
        using var snapshot = Open(other).Snapshot([Bytes("kept")]);
        Assert.Equal("v", ValueOf(snapshot, "kept"));
        Assert.Equal("default other", NamesOf(session));
    }

    /// <summary>The highest number is remembered by its row until there is a higher one.</summary>
    [Fact]
    public void Number_OfTheLastBucketThatWasRemoved_IsNotGivenAgain()
    {
        var row = Make("a");
        Assert.True(Open(row).Commit(EndOf(FirstRow)));
        while (Open().ClearBucket(row.Id, 100))
        {
        }

        Assert.Equal($"default {BucketRow.ClearedName(row.Id)}", NamesOf(Open()));
        Assert.False(Open().AddBucket(row with { Name = "b", ClusterId = 99 }, FirstRow));
        var next = Make("a");
        Assert.Equal(row.Id + 1, next.Id);
        Open().ClearBucket(row.Id, 100);
        Assert.Equal("default a", NamesOf(Open()));
        Assert.False(Open().AddBucket(row with { Name = "c", ClusterId = 99 }, FirstRow));
    }

    public void Dispose()
    {
        _opened.ForEach(static session => session.Dispose());
        _database?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract IDatabase NewDatabase();

    private static LogRow FirstRow => LogRow.First with { Epoch = 1, Leader = 77 };

    private static Batch EndOf(LogRow last) => new()
    {
        Before = last,
        Row = last with { Seq = last.Seq + 1, Epoch = LogRow.EndEpoch, Leader = 0, Chain = last.Chain + 1 },
    };

    private static string? ValueOf(ISnapshot snapshot, string key) =>
        snapshot.Find(Bytes(key))?.Value is { } value ? System.Text.Encoding.UTF8.GetString(value) : null;

    private static string NamesOf(ISession session) => string.Join(' ', session.Buckets().Select(static bucket => bucket.Name));

    private BucketRow Make(string name)
    {
        var id = Open().Buckets()[^1].Id + 1;
        var row = new BucketRow(id, name, (ulong)id + 1000, default, Seq: 1, Leader: 77, Revision: 1, KeyCount: 0);
        Assert.True(Open().AddBucket(row, FirstRow));
        return row;
    }

    private ISession Open(BucketRow? bucket = null)
    {
        var session = (bucket is null ? Database : Database.OfBucket(bucket)).Open();
        _opened.Add(session);
        return session;
    }
}
