// Deletions that the database does as a set, against the same ones done key by key: the same commands run on two databases, by a front
// that makes a set of every three keys and by one that never does. Whatever can be read is compared after each deletion, then after a
// compaction and its sweep.

using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Sql.Database;
using Raftd.Sql.Evaluation;
using Raftd.Sql.Fronts;
using Raftd.Sql.Tests.Database;
using Raftd.Sql.Tests.Memory;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.State.Leading;
using Raftd.State.Leases;
using Raftd.Testing.Clocks;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>Derive, and give a database with the tables of one bucket that nothing was written to.</summary>
public abstract class SetDeletionContract : IDisposable
{
    private const int Commands = 300;
    private const int SweepStep = 3;

    private static readonly KeyRange Everything = new(new byte[] { 0 }, new byte[] { 0 });

    // Longer than what a server may compare of them when it sorts.
    private static readonly byte[] LongPrefix = [.. Enumerable.Repeat((byte)'p', 1500)];

    private readonly MemoryDatabase _listed = new();
    private readonly ManualTime _time = new();
    private IDatabase? _sets;

    private static CommandFactory By => new(Caller.Nobody, FeatureLevel.Newest);

    private IDatabase Sets => _sets ??= NewDatabase();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Sets_ComeToWhatKeyByKeyComesTo(int seed)
    {
        var random = new Random(seed);
        using var sets = LoopOver(Sets, new FrontOptions { MaxListedDeletions = 2, DeletionSlice = 3 });
        using var listed = LoopOver(_listed, new FrontOptions { MaxListedDeletions = long.MaxValue });
        var leases = new List<long>();
        for (var count = 0; count < Commands; count++)
        {
            var command = NextCommand(random, count, leases);
            Assert.Equal(Do(listed, command), Do(sets, command));
            if (CommandCodec.TryDecode(command, out var decoded) && decoded is DeleteRangeCommand)
            {
                AssertSame();
            }
        }

        var rows = RowsOf(Sets);
        Assert.Contains(rows, static row => row.Deltas.Steps.Any(static step => step.Kind == LeaseStepKind.RangeDetached));
        Assert.Equal(Followed(RowsOf(_listed), _listed), Followed(rows, Sets));

        var compacted = Assert.IsType<CompactResult>(Do(sets, By.Compact(LastOf(Sets).Revision - 5)));
        Assert.Equal(compacted, Do(listed, By.Compact(compacted.CompactRevision)));
        Assert.Equal(Swept(_listed, compacted.CompactRevision), Swept(Sets, compacted.CompactRevision));
        AssertSame();
    }

    [Fact]
    public void Set_IsARowOfItsOwn_AmongTheCommandsOfABatch()
    {
        using var loop = LoopOver(Sets, new FrontOptions { MaxListedDeletions = 2 });
        foreach (var key in new[] { "a", "b", "c", "d" })
        {
            Do(loop, Put(key));
        }

        var before = LastOf(Sets).Seq;
        var asked = new[]
        {
            loop.ProposeAsync(Put("e")),
            loop.ProposeAsync(By.DeleteRange(RangeOf("b", "z"))),
            loop.ProposeAsync(Put("c")),
            loop.ProposeAsync(By.DeleteRange(RangeOf("a", "c"))),
        };
        Step(loop, asked);

        Assert.Equal(before + 3, LastOf(Sets).Seq);
        Assert.Equal(new long?[] { null, 4, null, 1 }, asked.Select(static one => (one.Result.Result as DeleteRangeResult)?.Deleted));
        using var session = Sets.Open();
        using var snapshot = session.Snapshot([]);
        Assert.Equal("c", Described.Keys(snapshot.LiveIn(Everything, new byte[] { 0 }, false, 9, withValues: false)));
        Assert.Equal(1, snapshot.Last.KeyCount);
    }

    [Fact]
    public void Set_WhoseConditionFails_DeletesNothing()
    {
        using var loop = LoopOver(Sets, new FrontOptions { MaxListedDeletions = 0 });
        Do(loop, Put("a"));
        Do(loop, Put("b"));
        var condition = new Precondition { ModRevisions = [LastOf(Sets).Revision] };
        var before = LastOf(Sets);

        var refused = Assert.IsType<DeleteRangeResult>(Do(loop, By.DeleteRange(RangeOf("a", "z") with { Condition = condition })));
        Assert.Equal((false, 0L), (refused.Succeeded, refused.Deleted));
        Assert.Equal(Described.Of(before), Described.Of(LastOf(Sets)));
        var done = Assert.IsType<DeleteRangeResult>(Do(loop, By.DeleteRange(RangeOf("b", "z") with { Condition = condition })));
        Assert.Equal((true, 1L), (done.Succeeded, done.Deleted));
    }

    /// <summary>A key that another front puts between the count and the commit is deleted, too, and counted.</summary>
    [Fact]
    public void Set_ThatLosesTheRace_IsEvaluatedAgain()
    {
        using var other = LoopOver(Sets, new FrontOptions());
        Do(other, Put("a"));
        var isFirst = true;
        var raced = FailingCalls.Of(Sets, call =>
        {
            if (call == nameof(ISession.Commit) && isFirst)
            {
                isFirst = false;
                Do(other, Put("b"));
            }

            return false;
        });
        using var loop = LoopOver(raced, new FrontOptions { MaxListedDeletions = 0 });
        Assert.Equal(2, Assert.IsType<DeleteRangeResult>(Do(loop, By.DeleteRange(RangeOf("a", "z")))).Deleted);
        Assert.Equal(0, LastOf(Sets).KeyCount);
    }

    /// <summary>The database has committed, and the answer is lost: the same transaction is sent again, and finds its own row.</summary>
    [Fact]
    public void Set_WhoseAnswerIsLost_IsDoneOnce()
    {
        var isLost = true;
        var doubtful = LostAnswers.Of(Sets, call => call == nameof(ISession.Commit) && isLost && !(isLost = false));
        using (var loop = LoopOver(Sets, new FrontOptions()))
        {
            Do(loop, Put("a"));
            Do(loop, Put("b"));
        }

        using var unlucky = LoopOver(doubtful, new FrontOptions { MaxListedDeletions = 0, DeletionSlice = 1 });
        var before = LastOf(Sets);
        Assert.Equal(2, Assert.IsType<DeleteRangeResult>(Do(unlucky, By.DeleteRange(RangeOf("a", "z")))).Deleted);
        Assert.False(isLost);
        Assert.Equal((before.Seq + 1, before.Revision + 1, 0L), (LastOf(Sets).Seq, LastOf(Sets).Revision, LastOf(Sets).KeyCount));
    }

    /// <summary>Asked before each slice and before the end; wherever the time is over, nothing is left of it.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Set_WithoutTimeLeft_IsTakenBack(int stepsInTime)
    {
        var script = new BatchScript(LogRow.First);
        using (var session = Sets.Open())
        {
            script.Put("a", "1").Put("b", "2").Commit(session);
            var steps = 0;
            var batch = DeletionOf(script.Last, () => steps++ >= stepsInTime, [SliceOf("a", 1), SliceOf("b", 1)]);
            Assert.Equal(DatabaseFault.Late, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
        }

        Assert.Equal(Described.Of(script.Last), Described.Of(LastOf(Sets)));
        using var another = Sets.Open();
        script.Put("a", "3").Commit(another);
        using var snapshot = another.Snapshot([]);
        Assert.Equal("a@2.0 b@3.0 a@4.0", Described.Versions(snapshot.Changes(default, 1 << 20)));
    }

    [Fact]
    public void Set_OfOtherKeysThanWereCounted_IsTakenBack()
    {
        var script = new BatchScript(LogRow.First);
        using var session = Sets.Open();
        script.Put("a", "1").Put("b", "2").Commit(session);
        var batch = DeletionOf(script.Last, static () => false, [SliceOf("a", 1), SliceOf("b", 2)]);
        Assert.Equal(DatabaseFault.Wrong, Assert.Throws<DatabaseException>(() => session.Commit(batch)).Fault);
        Assert.Equal(Described.Of(script.Last), Described.Of(LastOf(Sets)));
    }

    [Fact]
    public async Task Request_WithoutTimeForASet_IsRefused_AndChangesNothing()
    {
        using var loop = LoopOver(Sets, new FrontOptions { MaxListedDeletions = 0, RequestTimeLimit = TimeSpan.FromSeconds(4) });
        Do(loop, Put("a"));
        var before = LastOf(Sets);
        var asked = loop.ProposeAsync(By.DeleteRange(RangeOf("a", "z")));
        _time.Seconds(3.5);
        Step(loop, [asked]);

        var refusal = (await asked).Refusal!;
        Assert.Equal(ErrorCode.TooLarge, refusal.Code);
        Assert.Contains("4 s that a request has; nothing was deleted", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(Described.Of(before), Described.Of(LastOf(Sets)));
    }

    public void Dispose()
    {
        _sets?.Dispose();
        _listed.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract IDatabase NewDatabase();

    private static ReadOnlyMemory<byte> NextCommand(Random random, int number, List<long> leases)
    {
        switch (random.Next(20))
        {
            case 0:
                leases.Add(number + 1);
                return By.LeaseGrant(number + 1, $"l{number % 3}", 60, unique: false, number % 2 == 0 ? LeaseKind.Etcd : LeaseKind.Rest);
            case 1 when leases.Count > 0:
                var renewed = new LeaseKeepAliveRequest { Id = Of(leases, random), Key = NextKey(random).AsMemory(0, 1), Data = new byte[random.Next(5)] };
                return By.LeaseKeepAlive(renewed);
            case < 5 when leases.Count > 0:
                return By.Put(new PutRequest { Key = NextKey(random), Value = new byte[random.Next(6000)], Lease = Of(leases, random) });
            case < 7:
                return By.Put(new PutRequest { Key = NextKey(random), Value = new byte[random.Next(9)], TtlSeconds = 60 }, number + 1_000_000);
            case < 16:
                return By.Put(new PutRequest { Key = NextKey(random), Value = new byte[random.Next(6000)] });
            default:
                var end = random.Next(3) == 0 ? [0] : NextKey(random);
                return By.DeleteRange(new DeleteRangeRequest { Key = NextKey(random), RangeEnd = end });
        }
    }

    private static long Of(List<long> leases, Random random) => leases[random.Next(leases.Count)];

    private static byte[] NextKey(Random random)
    {
        byte[] letters = [0, 1, (byte)'a', (byte)'l', (byte)'p', (byte)'p', 0x7F, 0xFF];
        var key = Enumerable.Range(0, 1 + random.Next(3)).Select(_ => letters[random.Next(letters.Length)]);
        return key.First() == 'p' && random.Next(2) == 0 ? [.. LongPrefix, .. key] : [.. key];
    }

    private void AssertSame() => Assert.Equal(Describe(_listed), Describe(Sets));

    /// <summary>All that can be read, but for what two rows of one number never have in common.</summary>
    private static string Describe(IDatabase database)
    {
        using var session = database.Open();
        using var snapshot = session.Snapshot([]);
        var last = snapshot.Last with { Chain = 0, Nonce = 0, Deltas = default };
        return string.Join('\n', [
            Described.Of(last),
            Described.Lines(snapshot.LiveIn(Everything, new byte[] { 0 }, false, int.MaxValue, withValues: true), Described.Of),
            Described.Lines(snapshot.Changes(default, long.MaxValue), Described.Of),
            Described.Lines(snapshot.Leases(0, int.MaxValue), Described.Of),
            Described.Lines(snapshot.LeaseKeys(0, default, int.MaxValue), Described.Of),
        ]);
    }

    /// <summary>What a front comes to that takes in all rows of others: its leases, which are those of the tables, and what happened to
    /// them, in no order within a row.</summary>
    private static string Followed(IReadOnlyList<(LogRow Row, RowDeltas Deltas)> rows, IDatabase database)
    {
        var state = new FrontState(LogRow.First, new LeaseTable(new StateHash(0), static _ => { }).Freeze(), []);
        var text = new StringBuilder();
        foreach (var (row, deltas) in rows)
        {
            var changes = new List<LeaseChange>();
            state = state.Behind(row, deltas, changes);
            text.AppendJoin('\n', changes.Select(Text).Order(StringComparer.Ordinal)).Append('\n');
        }

        var loaded = FrontLoader.Load(database);
        Assert.Equal(Described.Lines(loaded.Leases.From(0), Described.Of), Described.Lines(state.Leases.From(0), Described.Of));
        Assert.Equal(KeysOf(loaded.Leases), KeysOf(state.Leases));
        return text.ToString();
    }

    private static string Text(LeaseChange change) =>
        $"{change.Kind} {change.Id} {(change.Key is null ? "" : Encoding.Latin1.GetString(change.Key))} {change.KeyRecord} {change.Term}";

    private static string KeysOf(LeaseTrees leases) =>
        Described.Lines(leases.KeysIn(Everything), static key => $"{key.Of.Id} {Encoding.Latin1.GetString(key.Of.Key)} {key.Record}");

    private static List<(LogRow Row, RowDeltas Deltas)> RowsOf(IDatabase database)
    {
        using var session = database.Open();
        return [.. session.LogFrom(2, int.MaxValue).Select(static row =>
        {
            Assert.True(RowDeltas.TryDecode(row.Deltas, out var deltas));
            return (row, deltas);
        })];
    }

    private static LogRow LastOf(IDatabase database)
    {
        using var session = database.Open();
        using var snapshot = session.Snapshot([]);
        return snapshot.Last;
    }

    private static Swept Swept(IDatabase database, long compactRevision)
    {
        using var session = database.Open();
        var step = session.Sweep(default, compactRevision, SweepStep);
        while (step.Next.Main <= compactRevision)
        {
            step = session.Sweep(step.Next, compactRevision, SweepStep);
        }

        return step.Swept;
    }

    private static KeySlice SliceOf(string key, long count) => new(Bytes(key), Bytes(key), count, key.Length, 1);

    private static Batch DeletionOf(LogRow before, Func<bool> isLate, IReadOnlyList<KeySlice> slices) => new()
    {
        Before = before,
        Row = before with { Seq = before.Seq + 1, Revision = before.Revision + 1, Chain = before.Chain + 1, KeyCount = 0 },
        Deletion = new RangeDeletion
        {
            Revision = before.Revision + 1,
            Slices = slices,
            IsLate = isLate,
        },
    };

    private static DeleteRangeRequest RangeOf(string key, string end) => new() { Key = Bytes(key), RangeEnd = Bytes(end) };

    private static ReadOnlyMemory<byte> Put(string key) => By.Put(new PutRequest { Key = Bytes(key), Value = default });

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private CommandResult Do(CommitLoop loop, ReadOnlyMemory<byte> command)
    {
        var asked = loop.ProposeAsync(command);
        Step(loop, [asked]);
        Assert.Equal(ProposalEnd.Applied, asked.Result.End);
        return asked.Result.Result!;
    }

    private void Step(CommitLoop loop, IReadOnlyList<Task<ProposalOutcome>> asked)
    {
        for (var steps = 0; asked.Any(static one => !one.IsCompleted); steps++)
        {
            Assert.InRange(steps, 0, 20);
            _time.Seconds(0.06); // longer than a loop rests behind a fault
            loop.Step();
        }
    }

    private CommitLoop LoopOver(IDatabase database, FrontOptions options)
    {
        var start = FrontLoader.Load(database);
        return new CommitLoop(database, self: 1, start, new FrontBoard(database, start), options, _time, new Random(1), NullLogger.Instance);
    }
}
