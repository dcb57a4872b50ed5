// What every database behind the seam is held to, whatever it is.

using System.Text;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.State.Keyspaces;
using Raftd.State.Leases;
using static Raftd.Sql.Tests.Database.BatchScript;

namespace Raftd.Sql.Tests.Database;

/// <summary>Derive, and give a database with the tables of one bucket that nothing was written to.</summary>
public abstract class SessionContract : IDisposable
{
    private readonly List<IDisposable> _opened = [];
    private IDatabase? _database;

    private IDatabase Database => _database ??= NewDatabase();

    private static KeyRange Everything => RangeOf("\0", "\0");

    [Fact]
    public void Log_OfANewBucket_HasTheFirstRow()
    {
        using var snapshot = Open().Snapshot([]);
        Assert.Equal(Described.Of(LogRow.First), Described.Of(snapshot.Last));
        Assert.Equal(Described.Of(LogRow.First), Described.Lines(Open().LogFrom(1, 10), Described.Of));
    }

    [Fact]
    public void LogRow_ComesBackWithEveryField()
    {
        var row = new LogRow
        {
            Seq = 2,
            Epoch = ulong.MaxValue - 1,
            Leader = 0x8000_0000_0000_0000,
            Front = 0xFEDC_BA98_7654_3210,
            Nonce = 0xFFFF_0000_FFFF_0000,
            Revision = 3,
            CompactRevision = 2,
            KeyCount = 4,
            LogicalBytes = 1L << 60,
            HistoryBytes = 1L << 50,
            Chain = 0xABCD_EF01_2345_6789,
            Deltas = new byte[] { 0, 255, 0 },
        };
        var session = Open();
        Assert.True(session.Commit(new Batch { Before = LogRow.First, Row = row }));
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(row), Described.Of(snapshot.Last));
        Assert.Equal(Described.Of(row), Described.Of(Open().LogFrom(2, 10).Single()));
    }

    [Fact]
    public void LogFrom_BeginsWithThatRow_AndEndsAtTheLimit()
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < 5; count++)
        {
            script.Commit(session);
        }

        Assert.Equal([3L, 4], session.LogFrom(3, 2).Select(static row => row.Seq));
        Assert.Equal([5L, 6], session.LogFrom(5, 9).Select(static row => row.Seq));
        Assert.Empty(session.LogFrom(7, 9));
    }

    [Fact]
    public void Snapshot_StaysAtItsMoment_WhileOthersCommit()
    {
        var (reader, writer) = (Open(), Open());
        var script = new BatchScript(LogRow.First);
        script.Put("a", "1").Put("b", "1").Commit(writer);
        using (var snapshot = reader.Snapshot([Bytes("a")]))
        {
            script.Put("a", "2").Delete("b").Put("c", "2").Commit(writer);
            Assert.Equal(2, snapshot.Last.Seq);
            Assert.Equal("1", ValueOf(snapshot, "a"));
            Assert.Equal("1", ValueOf(snapshot, "b"));
            Assert.Null(snapshot.Find(Bytes("c")));
            Assert.Equal("a b", Described.Keys(snapshot.LiveIn(Everything, Bytes("\0"), false, 9, withValues: false)));
            Assert.Equal(2, snapshot.CountLive(Everything));
            Assert.Equal("a@2.0 b@3.0", Described.Versions(snapshot.Changes(default, 1 << 20)));
        }

        using var later = reader.Snapshot([Bytes("a"), Bytes("b")]);
        Assert.Equal(3, later.Last.Seq);
        Assert.Equal("2", ValueOf(later, "a"));
        Assert.Null(later.Find(Bytes("b")));
    }

    [Fact]
    public void Snapshot_HoldsEachCommitThatWasAcknowledgedBefore()
    {
        var (reader, writer) = (Open(), Open());
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < 50; count++)
        {
            script.Put("a", $"{count}").Commit(writer);
            using var snapshot = reader.Snapshot([]);
            Assert.Equal(script.Last.Seq, snapshot.Last.Seq);
            Assert.Equal($"{count}", ValueOf(snapshot, "a"));
        }
    }

    [Fact]
    public void Commit_BehindARowThatIsNotTheLast_ChangesNothing()
    {
        var session = Open();
        var (ours, theirs) = (new BatchScript(LogRow.First), new BatchScript(LogRow.First));
        ours.Put("a", "ours").Commit(session);
        Assert.False(session.Commit(theirs.Put("a", "theirs").Put("b", "theirs").Take()));
        theirs.Take();
        Assert.False(session.Commit(theirs.Put("c", "too early").Take()));
        using (var snapshot = session.Snapshot([]))
        {
            Assert.Equal(Described.Of(ours.Last), Described.Of(snapshot.Last));
            Assert.Equal("a@2.0", Described.Versions(snapshot.Changes(default, 1 << 20)));
            Assert.Equal("ours", ValueOf(snapshot, "a"));
            Assert.Equal(1, snapshot.CountLive(Everything));
        }

        ours.Put("b", "ours").Commit(session);
    }

    [Fact]
    public void Commit_BehindARowOfAnotherHistory_ChangesNothing()
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        script.Put("a", "1").Commit(session);
        var batch = script.Put("a", "2").Take();
        Assert.False(session.Commit(batch with { Before = batch.Before with { Chain = batch.Before.Chain + 1 } }));
        using (var snapshot = session.Snapshot([]))
        {
            Assert.Equal(2, snapshot.Last.Seq);
            Assert.Equal("1", ValueOf(snapshot, "a"));
        }

        Assert.True(session.Commit(batch));
    }

    [Fact]
    public void Commit_OfTheSameBatchAgain_IsRefused()
    {
        var session = Open();
        var batch = new BatchScript(LogRow.First).Put("a", "1").Take();
        Assert.True(session.Commit(batch));
        Assert.False(session.Commit(batch));
        Assert.Equal(2, session.LogFrom(1, 10).Count);
    }

    [Fact]
    public void Commits_AtTheSameTime_OneWins()
    {
        const int Writers = 4;
        const int Rounds = 20;
        var sessions = Enumerable.Range(0, Writers).Select(_ => Open()).ToList();
        var last = LogRow.First;
        for (var round = 0; round < Rounds; round++)
        {
            var batches = sessions.Select((_, writer) => RaceOf(last, writer)).ToList();
            var won = new bool[Writers];
            Parallel.For(0, Writers, writer => won[writer] = sessions[writer].Commit(batches[writer]));
            last = batches[Assert.Single(Enumerable.Range(0, Writers), writer => won[writer])].Row;
        }

        Assert.Equal(Rounds + 1, Open().LogFrom(1, 1000).Count);
        using var snapshot = Open().Snapshot([]);
        Assert.Equal(Rounds, snapshot.Changes(default, 1 << 20).Count);
    }

    [Fact]
    public void Find_OfAKey_ComesWithEveryField()
    {
        var session = Open();
        var row = new KeyRow(
            Bytes("k"), new Revision(7, 3), 5, 2, 0x7000_0000_0000_0001, KeyFlags.OwnDeadline, 3, Bytes("val"));
        Assert.True(session.Commit(RowBehindFirst() with { Keys = [new KeyChange(row.Key, row)] }));
        using var snapshot = session.Snapshot([Bytes("k"), Bytes("not there")]);
        Assert.Equal(Described.Of(row), Described.Of(snapshot.Find(Bytes("k"))));
        Assert.Null(snapshot.Find(Bytes("not there")));
        using var other = Open().Snapshot([]);
        Assert.Equal(Described.Of(row), Described.Of(other.Find(Bytes("k"))));
    }

    [Fact]
    public void Keys_OfAnyBytes_AreKeptApart()
    {
        byte[][] keys =
        [
            [0], [0, 0], [1], [9, 10, 13], "A"u8.ToArray(), "B"u8.ToArray(), "a"u8.ToArray(), [97, 0], "a "u8.ToArray(), [97, 255], [127],
            [128], [195, 164], [255], [255, 0], [255, 255], [.. Enumerable.Repeat((byte)255, 2047), 0],
            [.. Enumerable.Repeat((byte)255, 2048)],
        ];
        var session = Open();
        new BatchScript(LogRow.First).Change([.. keys.Select(static key => (key, (byte[]?)key))]).Commit(session);
        using var snapshot = session.Snapshot([.. keys.Select(static key => (ReadOnlyMemory<byte>)key)]);
        Assert.All(keys, key => Assert.Equal(key, snapshot.Find(key)!.Value));
        Assert.Equal(keys, snapshot.LiveIn(Everything, Bytes("\0"), false, 100, withValues: true).Select(static row => row.Value));
        Assert.Equal(
            keys.Reverse(), snapshot.LiveIn(Everything, default, true, 100, withValues: false).Select(static row => row.Key));
        Assert.All(keys, key => Assert.Equal(1, snapshot.CountLive(new KeyRange(key, default))));
        Assert.All(keys, key => Assert.Single(snapshot.VersionsOf(key, new Revision(long.MaxValue, 0), 10)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(KeyRow.MaxInlineBytes)]
    [InlineData(KeyRow.MaxInlineBytes + 1)]
    [InlineData((512 << 10) - 1)]
    [InlineData(512 << 10)]
    [InlineData((512 << 10) + 1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(5_000_000)]
    public void Values_OfAnySize_AreReadWhole(int bytes)
    {
        var value = new byte[bytes];
        new Random(bytes).NextBytes(value);
        var session = Open();
        new BatchScript(LogRow.First).Change((Bytes("k"), value)).Commit(session);
        using var snapshot = session.Snapshot([Bytes("k")]);
        byte[]? inline = bytes <= KeyRow.MaxInlineBytes ? value : null;
        Assert.Equal(bytes, snapshot.Find(Bytes("k"))!.ValueBytes);
        Assert.Equal(inline, snapshot.Find(Bytes("k"))!.Value);
        Assert.Equal(inline, snapshot.LiveIn(Everything, Bytes("a"), false, 1, withValues: true).Single().Value);
        Assert.Equal(value, snapshot.ValuesOf([new Revision(2, 0)]).Single());
        Assert.Equal(value, snapshot.Changes(default, 0).Single().Value);
        Assert.Equal(bytes, snapshot.VersionsOf(Bytes("k"), new Revision(2, 0), 1).Single().ValueBytes);
    }

    [Fact]
    public void Values_OfManySizes_AreReadTogether_InTheirOrder()
    {
        byte[][] values = [.. new[] { 3, 700_000, 0, 600_000, 5000 }.Select(static bytes => Enumerable.Repeat((byte)bytes, bytes).ToArray())];
        var session = Open();
        var script = new BatchScript(LogRow.First);
        script.Change([.. values.Select(static (value, at) => (Bytes($"{at}"), (byte[]?)value))]).Commit(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(values, snapshot.ValuesOf([.. values.Select(static (_, at) => new Revision(2, at))]));
        Assert.Equal(values, snapshot.Changes(default, 1 << 30).Select(static change => change.Value));
        Assert.Equal(values[..2], snapshot.Changes(default, 700_000).Select(static change => change.Value));
        Assert.Equal(values.Select(static value => value.Length), snapshot.Changes(default, 1 << 30).Select(static change => change.ValueBytes));
    }

    [Fact]
    public void Batch_OfManyMegabytes_IsOneTransaction()
    {
        const int Rows = 3000;
        var (reader, writer) = (Open(), Open());
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < Rows; count++)
        {
            script.Change((Bytes($"{count:D4}"), Enumerable.Repeat((byte)count, 4000).ToArray()));
        }

        var batch = script.Take();
        Assert.True(writer.Commit(batch));
        Assert.False(writer.Commit(batch));
        script.Put("0000", "again").Commit(writer);
        using var snapshot = reader.Snapshot([.. Enumerable.Range(0, Rows).Select(static count => (ReadOnlyMemory<byte>)Bytes($"{count:D4}"))]);
        Assert.Equal(Rows, snapshot.CountLive(Everything));
        Assert.Equal("again", ValueOf(snapshot, "0000"));
        Assert.All(Enumerable.Range(1, Rows - 1), count => Assert.Equal((byte)count, snapshot.Find(Bytes($"{count:D4}"))!.Value![0]));
        Assert.Equal(Rows + 1, snapshot.Changes(default, 1 << 30).Count);
    }

    [Theory]
    [InlineData("a", "\0", "a", false, 10, "a b bb c d")] // everything, and what "to the end" means
    [InlineData("b", "d", "b", false, 10, "b bb c")]
    [InlineData("b", "d", "bb", false, 10, "bb c")] // from inside the range
    [InlineData("b", "d", "b", false, 2, "b bb")]
    [InlineData("b", "", "b", false, 10, "b")] // one key
    [InlineData("x", "", "x", false, 10, "")]
    [InlineData("d", "b", "d", false, 10, "")] // an end before the beginning
    [InlineData("b", "\0", "c", false, 10, "c d")]
    [InlineData("a", "\0", "", true, 10, "d c bb b a")] // descending from the end
    [InlineData("b", "d", "", true, 10, "c bb b")]
    [InlineData("b", "d", "", true, 2, "c bb")]
    [InlineData("b", "d", "c", true, 10, "bb b")] // below a key, which is not among them
    [InlineData("b", "\0", "bb", true, 10, "b")]
    [InlineData("b", "d", "b", true, 10, "")]
    [InlineData("b", "", "", true, 10, "b")]
    public void LiveIn_HonoursBoundsOrderAndLimit(string low, string end, string from, bool isDescending, int max, string keys)
    {
        var session = Open();
        new BatchScript(LogRow.First).Put("gone", "").Put("d", "4").Put("b", "2").Put("a", "1").Put("c", "3").Put("bb", "22")
            .Delete("gone").Commit(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(keys, Described.Keys(snapshot.LiveIn(RangeOf(low, end), Bytes(from), isDescending, max, withValues: false)));
    }

    [Fact]
    public void LiveIn_BringsSmallValues_WhereTheyAreAskedFor()
    {
        var session = Open();
        new BatchScript(LogRow.First).Put("a", "1").Change((Bytes("b"), new byte[5000])).Commit(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal([Bytes("1"), null], snapshot.LiveIn(Everything, Bytes("a"), false, 9, true).Select(static row => row.Value));
        Assert.Equal([null, null], snapshot.LiveIn(Everything, Bytes("a"), false, 9, false).Select(static row => row.Value));
        Assert.Equal([1, 5000], snapshot.LiveIn(Everything, Bytes("a"), false, 9, false).Select(static row => row.ValueBytes));
    }

    [Fact]
    public void CountLive_CountsWhatLivesInTheRange()
    {
        var session = Open();
        new BatchScript(LogRow.First).Put("a", "1").Put("b", "1").Put("c", "1").Put("c", "2").Delete("b").Commit(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(2, snapshot.CountLive(Everything));
        Assert.Equal(1, snapshot.CountLive(RangeOf("a", "c")));
        Assert.Equal(1, snapshot.CountLive(RangeOf("c", "")));
        Assert.Equal(0, snapshot.CountLive(RangeOf("b", "")));
        Assert.Equal(0, snapshot.CountLive(RangeOf("d", "\0")));
    }

    [Theory]
    [InlineData("a", "\0", "a", 0, 0, 99, 10, "a@2.0 a@4.0 a@5.1 b@3.0 b@5.0 c@6.0")]
    [InlineData("a", "\0", "a", 4, 0, 99, 10, "a@5.1 b@3.0 b@5.0 c@6.0")] // behind a version of the first key only
    [InlineData("a", "\0", "a", 5, 0, 99, 10, "a@5.1 b@3.0 b@5.0 c@6.0")] // by subs too
    [InlineData("a", "\0", "b", 3, 0, 99, 10, "b@5.0 c@6.0")]
    [InlineData("a", "\0", "a", 0, 0, 4, 10, "a@2.0 a@4.0 b@3.0")]
    [InlineData("a", "\0", "a", 0, 0, 5, 10, "a@2.0 a@4.0 a@5.1 b@3.0 b@5.0")]
    [InlineData("a", "\0", "a", 0, 0, 99, 4, "a@2.0 a@4.0 a@5.1 b@3.0")]
    [InlineData("a", "c", "a", 0, 0, 99, 10, "a@2.0 a@4.0 a@5.1 b@3.0 b@5.0")]
    [InlineData("b", "", "b", 0, 0, 99, 10, "b@3.0 b@5.0")]
    public void VersionsIn_HonoursBoundsAndLimit(
        string low, string end, string key, long behindMain, long behindSub, long through, int max, string versions)
    {
        var session = Open();
        WriteHistory(session);
        using var snapshot = session.Snapshot([]);
        var found = snapshot.VersionsIn(RangeOf(low, end), Bytes(key), new Revision(behindMain, behindSub), through, max);
        Assert.Equal(versions, Described.Versions(found));
        Assert.All(found, static version => Assert.Empty(version.Value));
    }

    [Theory]
    [InlineData("a", 99, 0, 10, "a@5.1 a@4.0 a@2.0")]
    [InlineData("a", 5, 1, 10, "a@5.1 a@4.0 a@2.0")]
    [InlineData("a", 5, 0, 10, "a@4.0 a@2.0")]
    [InlineData("a", 99, 0, 1, "a@5.1")]
    [InlineData("b", 4, 9, 10, "b@3.0")]
    [InlineData("b", 2, 9, 10, "")]
    [InlineData("x", 99, 0, 10, "")]
    public void VersionsOf_GoesDown_FromARevision(string key, long main, long sub, int max, string versions)
    {
        var session = Open();
        WriteHistory(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(versions, Described.Versions(snapshot.VersionsOf(Bytes(key), new Revision(main, sub), max)));
    }

    [Fact]
    public void Version_ComesBackWithEveryField()
    {
        var record = new RevisionRecord(
            new Revision(9, 2), Bytes("k"), Bytes("value"), 4, 3, long.MaxValue, KeyFlags.OwnDeadline);
        var session = Open();
        Assert.True(session.Commit(RowBehindFirst() with { Versions = [new NewVersion(record, new Revision(8, 1))] }));
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(record), Described.Of(snapshot.Changes(default, 100).Single()));
        var withoutValue = Described.Of(record with { Value = [], ValueBytes = 5 });
        Assert.Equal(withoutValue, Described.Of(snapshot.VersionsOf(record.Key, record.Revision, 1).Single()));
        Assert.Equal(withoutValue, Described.Of(snapshot.VersionsIn(Everything, record.Key, default, 9, 1).Single()));
    }

    [Theory]
    [InlineData(0, 0, 1000, "a@2.0 b@3.0 a@4.0 b@5.0 a@5.1 c@6.0")]
    [InlineData(5, 1, 1000, "a@5.1 c@6.0")]
    [InlineData(7, 0, 1000, "")]
    [InlineData(0, 0, 0, "a@2.0")] // one in any case
    [InlineData(0, 0, 66, "a@2.0 b@3.0")] // the first has 66 bytes: they are not exceeded
    [InlineData(0, 0, 65, "a@2.0")]
    [InlineData(0, 0, 132, "a@2.0 b@3.0 a@4.0")]
    public void Changes_AreInTheOrderOfRevisions_UntilTheirBytesExceed(long main, long sub, long maxBytes, string versions)
    {
        var session = Open();
        WriteHistory(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(versions, Described.Versions(snapshot.Changes(new Revision(main, sub), maxBytes)));
    }

    [Fact]
    public void Changes_OfMoreRowsThanOnePage_AreAllThere()
    {
        const int Rows = 3000;
        var session = Open();
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < Rows; count++)
        {
            script.Put($"{count % 100}", $"{count}");
        }

        script.Commit(session);
        using var snapshot = session.Snapshot([]);
        var changes = snapshot.Changes(default, 1 << 30);
        Assert.Equal(Enumerable.Range(2, Rows).Select(static main => (long)main), changes.Select(static change => change.Revision.Main));
        Assert.Equal(Enumerable.Range(0, Rows).Select(count => Bytes($"{count}")), changes.Select(static change => change.Value));
        var some = snapshot.Changes(default, 2000 * 68);
        Assert.InRange(some.Sum(static change => (long)change.LogicalBytes), (2000 * 68) + 1, (2000 * 68) + 100);
    }

    [Fact]
    public void ValuesOf_AnswersInTheOrderAsked_WithNullForDeletionsAndWhatIsNotThere()
    {
        var session = Open();
        new BatchScript(LogRow.First).Put("a", "1").Put("b", "").Delete("a").Commit(session);
        using var snapshot = session.Snapshot([]);
        Assert.Equal(
            [null, Bytes(""), Bytes("1"), null, Bytes("1")],
            snapshot.ValuesOf([new(4, 0), new(3, 0), new(2, 0), new(99, 0), new(2, 0)]));
        Assert.Empty(snapshot.ValuesOf([]));
    }

    [Fact]
    public void Leases_ComeBackWithEveryField_InPages()
    {
        LeaseRecord[] leases =
        [
            Lease(1, "plain") with { Status = LeaseStatus.Create },
            Lease(2, "") with { Kind = LeaseKind.Etcd, Generation = 7, CheckpointMilliseconds = 0, RenewedGeneration = 6 },
            Lease(3, "hidden") with { Hidden = true, TtlSeconds = 9_000_000_000 },
            Lease(long.MaxValue, "flöör\0") with { Floor = new LeaseFloor(0, 5, 1L << 40) },
        ];
        var session = Open();
        LeaseRowChange[] changes = [.. leases.Select(static lease => new LeaseRowChange(lease.Id, lease))];
        Assert.True(session.Commit(RowBehindFirst() with { Leases = changes }));
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Lines(leases, Described.Of), Described.Lines(snapshot.Leases(0, 10), Described.Of));
        Assert.Equal([2L, 3], snapshot.Leases(2, 2).Select(static lease => lease.Id));
    }

    [Fact]
    public void Leases_AreReplaced_AndEnd()
    {
        var session = Open();
        var first = RowBehindFirst();
        var floor = Lease(1, "one") with { Floor = new LeaseFloor(3, 2, 1) };
        Assert.True(session.Commit(first with { Leases = [new(1, floor), new(2, Lease(2, "two"))] }));
        var renewed = Lease(1, "one") with { Generation = 9, Status = LeaseStatus.Alive };
        Assert.True(session.Commit(RowBehind(first.Row) with { Leases = [new(1, renewed), new(2, null), new(3, null)] }));
        using var snapshot = session.Snapshot([]);
        Assert.Equal(Described.Of(renewed), Described.Lines(snapshot.Leases(0, 10), Described.Of));
    }

    [Fact]
    public void LeaseKeys_ComeBackWithEveryField_AreReplaced_AndDetached()
    {
        var session = Open();
        var first = RowBehindFirst();
        var stored = new LeaseKeyRecord(OwnDeadline: true, ModRevision: 5) { Generation = 4, RemainingMilliseconds = 0 };
        var plain = new LeaseKeyRecord(OwnDeadline: false, ModRevision: 6);
        Assert.True(session.Commit(first with
        {
            LeaseKeys = [new(1, Bytes("a"), plain), new(1, Bytes("b"), plain), new(2, [0], stored), new(2, [255], plain)],
        }));
        using (var snapshot = session.Snapshot([]))
        {
            LeaseKeyRow[] all = [new(1, Bytes("a"), plain), new(1, Bytes("b"), plain), new(2, [0], stored), new(2, [255], plain)];
            AssertSame(all, snapshot.LeaseKeys(0, default, 10));
            AssertSame(all[1..3], snapshot.LeaseKeys(1, Bytes("a"), 2));
            AssertSame(all[2..], snapshot.LeaseKeys(2, default, 10));
        }

        LeaseKeyRowChange[] changes = [new(1, Bytes("a"), null), new(1, Bytes("b"), stored), new(2, Bytes("b"), null)];
        Assert.True(session.Commit(RowBehind(first.Row) with { LeaseKeys = changes }));
        using var later = session.Snapshot([]);
        AssertSame(
            [new(1, Bytes("b"), stored), new(2, [0], stored), new(2, [255], plain)], later.LeaseKeys(0, default, 10));
    }

    [Fact]
    public void Meta_IsReplaced()
    {
        var session = Open();
        var first = RowBehindFirst();
        Assert.True(session.Commit(first with { Meta = [new("alarms", [1, 0]), new("auth", [])] }));
        Assert.True(session.Commit(RowBehind(first.Row) with { Meta = [new("alarms", [2])] }));
        using var snapshot = session.Snapshot([]);
        Assert.Equal(
            Described.Lines<MetaChange>([new("alarms", [2]), new("auth", [])], Described.Of),
            Described.Lines(snapshot.Meta().OrderBy(static meta => meta.Name, StringComparer.Ordinal), Described.Of));
    }

    [Fact]
    public void Sweep_DeletesWhatWasReplacedBelow_AndDeletionsBelow()
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        script.Put("a", "1").Put("b", "1").Put("a", "22").Delete("b").Put("a", "3").Put("c", "1").Put("a", "4").Commit(session);
        SweepAll(session, 1, compactRevision: 6, max: 100);
        Assert.Equal("a@6.0 c@7.0 a@8.0", Versions(session));
        SweepAll(session, 7, compactRevision: 8, max: 100);
        Assert.Equal("c@7.0 a@8.0", Versions(session));
    }

    [Fact]
    public void Sweep_DeletesLargeValues_AndKeepsThoseThatAreStillRead()
    {
        const int Large = 1_300_000;
        var session = Open();
        var script = new BatchScript(LogRow.First);
        script.Change((Bytes("a"), Given((byte)1))).Change((Bytes("b"), Given((byte)2))).Change((Bytes("a"), Given((byte)3)));
        script.Commit(session);
        var swept = SweepAll(session, 1, compactRevision: 4, max: 100);
        Assert.Equal(Large + 1 + 64, swept.Bytes);
        using var snapshot = session.Snapshot([]);
        Assert.Equal("b@3.0 a@4.0", Described.Versions(snapshot.Changes(default, 1 << 30)));
        Assert.Equal([null, Given(2), Given(3)], snapshot.ValuesOf([new(2, 0), new(3, 0), new(4, 0)]));

        static byte[] Given(byte filling) => [.. Enumerable.Repeat(filling, Large)];
    }

    [Fact]
    public void Sweep_KeepsWhatIsOfTheCompactRevision_UntilTheNextOne()
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        script.Put("a", "1").Put("b", "1").Change((Bytes("a"), null), (Bytes("b"), Bytes("2")), (Bytes("b"), Bytes("3"))).Put("c", "1");
        script.Commit(session);
        var swept = SweepAll(session, 1, compactRevision: 4, max: 100);
        Assert.Equal("a@4.0 b@4.1 b@4.2 c@5.0", Versions(session));
        SweepAll(session, swept.Revision, compactRevision: 5, max: 100);
        Assert.Equal("b@4.2 c@5.0", Versions(session));
    }

    [Fact]
    public void Sweep_OfAKeyThatWasMadeAgain_KeepsItsNewLife()
    {
        var session = Open();
        new BatchScript(LogRow.First).Put("a", "1").Delete("a").Put("a", "2").Put("b", "1").Commit(session);
        SweepAll(session, 1, compactRevision: 5, max: 100);
        Assert.Equal("a@4.0 b@5.0", Versions(session));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(100)]
    public void Sweep_InStepsOfAnySize_DeletesTheSame_AndCountsItOnce(int max)
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < 12; count++)
        {
            script.Change((Bytes("a"), Bytes("12")), (Bytes("b"), Bytes("1")), ([(byte)count], Bytes("1")));
        }

        script.Delete("a").Put("c", "1").Commit(session);
        var swept = SweepAll(session, 1, compactRevision: 15, max);
        Assert.Equal(16, swept.Revision);
        Assert.Equal((12 * 67) + (11 * 66) + 65, swept.Bytes);
        Assert.Equal(swept, Open().Swept());
        Assert.Equal(swept, session.Sweep(default, 15, 100).Swept);
        Assert.Equal(14, Versions(session).Split(' ').Length);
        Assert.EndsWith("b@13.1 \u000b@13.2 c@15.0", Versions(session), StringComparison.Ordinal);
    }

    [Fact]
    public void TrimLog_KeepsTheLastRow_AndHonoursTheLimit()
    {
        var session = Open();
        var script = new BatchScript(LogRow.First);
        for (var count = 0; count < 9; count++)
        {
            script.Commit(session);
        }

        session.TrimLog(5, max: 2);
        Assert.Equal(3, session.LogFrom(1, 100)[0].Seq);
        session.TrimLog(5, max: 100);
        Assert.Equal(5, session.LogFrom(1, 100)[0].Seq);
        session.TrimLog(long.MaxValue, max: 100);
        Assert.Equal([10L], session.LogFrom(1, 100).Select(static row => row.Seq));
        script.Put("a", "1").Commit(session);
    }

    [Fact]
    public void Fronts_AreKeptUntilTheyAreRemoved()
    {
        var session = Open();
        var first = new FrontRow(ulong.MaxValue, "one ö", "127.0.0.1:8001", "[::1]:7200", "0.1.0", 1);
        var second = new FrontRow(3, "", "", "", "", long.MaxValue);
        session.Beat(first);
        session.Beat(second);
        session.Beat(first with { Beat = 2, Label = "renamed" });
        Assert.Equal([second, first with { Beat = 2, Label = "renamed" }], session.Fronts().OrderBy(static front => front.Id));
        using (var snapshot = Open().Snapshot([]))
        {
            session.RemoveFront(second.Id);
            Assert.Equal([second.Id, first.Id], snapshot.Fronts().Select(static front => front.Id).Order());
        }

        session.RemoveFront(3);
        session.RemoveFront(4);
        Assert.Equal([ulong.MaxValue], Open().Fronts().Select(static front => front.Id));
    }

    public void Dispose()
    {
        _opened.ForEach(static session => session.Dispose());
        _database?.Dispose();
        Clean();
        GC.SuppressFinalize(this);
    }

    private protected abstract IDatabase NewDatabase();

    /// <summary>After the database was disposed.</summary>
    private protected virtual void Clean()
    {
    }

    private ISession Open()
    {
        var session = Database.Open();
        _opened.Add(session);
        return session;
    }

    private static KeyRange RangeOf(string low, string end) => new(Bytes(low), Bytes(end));

    private static void WriteHistory(ISession session) => new BatchScript(LogRow.First)
        .Put("a", "1").Put("b", "2").Put("a", "3").Change((Bytes("b"), null), (Bytes("a"), Bytes("4"))).Put("c", "5").Commit(session);

    private static Batch RowBehindFirst() => RowBehind(LogRow.First);

    private static Batch RowBehind(LogRow last) => new BatchScript(last).Take();

    private static Batch RaceOf(LogRow last, int writer)
    {
        var batch = new BatchScript(last).Put($"{writer}", "1").Take();
        return batch with { Row = batch.Row with { Front = (ulong)writer, Chain = batch.Row.Chain + (ulong)writer } };
    }

    private static LeaseRecord Lease(long id, string name) => new()
    {
        Id = id,
        Name = Bytes(name),
        TtlSeconds = 10,
        Kind = LeaseKind.Rest,
        Status = LeaseStatus.Alive,
        Hidden = false,
        Generation = 1,
    };

    private static Swept SweepAll(ISession session, long from, long compactRevision, int max)
    {
        var step = new SweepStep(new Revision(from - 1, 0), default);
        while (step.Next.Main <= compactRevision)
        {
            var next = session.Sweep(step.Next, compactRevision, max);
            Assert.True(next.Next.CompareTo(step.Next) > 0);
            step = next;
        }

        return step.Swept;
    }

    private static string? ValueOf(ISnapshot snapshot, string key) =>
        snapshot.Find(Bytes(key))?.Value is { } value ? Encoding.UTF8.GetString(value) : null;

    private static void AssertSame(IEnumerable<LeaseKeyRow> expected, IEnumerable<LeaseKeyRow> actual) =>
        Assert.Equal(Described.Lines(expected, Described.Of), Described.Lines(actual, Described.Of));

    private static string Versions(ISession session)
    {
        using var snapshot = session.Snapshot([]);
        return Described.Versions(snapshot.Changes(default, 1 << 20));
    }
}
