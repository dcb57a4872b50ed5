using System.Text;
using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.State.Keyspaces;
using Raftd.Store.Tests.Mvcc;
using Raftd.Testing.Buckets;

namespace Raftd.Store.Tests.Engines;

/// <summary>The commands on two engines: what they answer, and the chain of hashes, must not depend on who keeps the keys.</summary>
public sealed class EngineTests(ITestOutputHelper output)
{
    private const int SliceKeys = 3;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(526976)] // transactions that change a key twice
    [InlineData(1038660)] // and a compaction to one of them
    [InlineData(0)]
    public void RandomCommands_OnTwoEngines_AnswerAndHashAlike(int seed)
    {
        seed = seed != 0 ? seed : Environment.TickCount & 0xFFFFF;
        output.WriteLine($"seed {seed}");
        using var store = new TestStore(new StoreOptions { SliceKeys = SliceKeys });
        var engine = new DictionaryEngine(SliceKeys);
        var unasked = new DictionaryEngine(SliceKeys);
        var commands = new RandomCommands(new Random(seed), engine);
        var answers = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var step = 0; step < 3_000; step++)
        {
            store.Term += step % 500 == 499 ? 1UL : 0;
            var command = commands.Next(store.Term);
            var answered = store.Apply(command);
            var expected = Whole(engine.Executor, store.State.Applied.Index, store.Term, command);
            Assert.Equal(
                CommandResultCodec.Encode(expected).ToArray(), CommandResultCodec.Encode(answered).ToArray());
            Assert.Equal(engine.State.Applied, store.State.Applied);
            Whole(unasked.Executor, store.State.Applied.Index, store.Term, command, isAsked: false);
            Assert.Equal(unasked.State.Applied, store.State.Applied);
            RequireSameAnswer(commands.Range(), store, engine);
            answers[answered.GetType().Name] = answers.GetValueOrDefault(answered.GetType().Name) + 1;
            if (step % 50 == 0)
            {
                RequireSameRange(store, engine);
                store.Flush();
            }
        }

        output.WriteLine(string.Join(", ", answers));
        Assert.Equal(10, answers.Count);
        Assert.All(answers, static kind => Assert.True(kind.Value > 20, $"{kind.Key}: only {kind.Value}"));
        Assert.Null(store.State.Audit());
        Assert.Equal(engine.LogicalBytes, store.State.View().LogicalBytes);
    }

    /// <summary>What a transaction will read between its own writes.</summary>
    [Fact]
    public void Range_InTheMiddleOfAnEntry_SeesWhatTheEntryHasDone_AndReadersDoNot()
    {
        using var directory = new ModelStateDirectory(new ModelStateDisk());
        var copy = new StateCopy(directory.Current, new StoreOptions(), default);
        var keyspace = copy.Keyspace;
        keyspace.Put("a"u8.ToArray(), "1"u8.ToArray(), lease: 0, KeyFlags.None);
        keyspace.Put("b"u8.ToArray(), "2"u8.ToArray(), lease: 0, KeyFlags.None);
        keyspace.Close();
        var view = copy.Freeze();
        keyspace.Put("c"u8.ToArray(), "3"u8.ToArray(), lease: 0, KeyFlags.None);
        keyspace.Delete(keyspace.FindLive("a"u8)!);

        Assert.Equal("b=2 c=3", Text(keyspace.Range(All)));
        Assert.Equal("a=1 b=2", Text(keyspace.Range(All with { Revision = 2 })));
        Assert.Equal("b= c=", Text(keyspace.Range(All with { KeysOnly = true })));
        Assert.Equal("a=1 b=2", Text(view.Range(All)));
    }

    [Fact]
    public void Range_WithALimitOfBytes_EndsBeforeIt_ButHasOneItem_AndCountsAll()
    {
        using var store = new TestStore();
        store.Put("a", "12345");
        store.Put("b", "12345");
        store.Put("c", "12345");
        var view = store.State.View();

        AssertRange("a=12345", count: 3, view.Range(All with { MaxBytes = 1 }));
        AssertRange("a=12345", count: 3, view.Range(All with { MaxBytes = 11 }));
        AssertRange("a=12345 b=12345", count: 3, view.Range(All with { MaxBytes = 12 }));
        AssertRange("a=12345", count: 2, view.Range(All with { MaxBytes = 11, Revision = view.Revision - 1 }));
        AssertRange("a= b= c=", count: 3, view.Range(All with { MaxBytes = 3, KeysOnly = true }));
        AssertRange("", count: 3, view.Range(All with { CountOnly = true }));
        AssertRange("", count: 2, view.Range(All with { CountOnly = true, Revision = view.Revision - 1 }));
    }

    [Fact]
    public void Range_OfAFutureRevision_SaysSo()
    {
        using var store = new TestStore();
        var refused = Assert.Throws<StoreException>(() => store.State.View().Range(All with { Revision = 2 }));
        Assert.Equal(ErrorCode.FutureRevision, refused.Code);
    }

    private static RangeRequest All => new() { Key = new byte[] { 0 }, RangeEnd = new byte[] { 0 } };

    private static void AssertRange(string items, long count, RangeResponse answer) =>
        Assert.Equal((items, count), (Text(answer), answer.Count));

    private static string Text(RangeResponse answer) => string.Join(
        ' ', answer.Items.Select(item => $"{Encoding.UTF8.GetString(item.Key.Span)}={Encoding.UTF8.GetString(item.Value.Span)}"));

    private static void RequireSameAnswer(RangeRequest request, TestStore store, DictionaryEngine engine)
    {
        if (request.Revision != 0 && request.Revision < engine.CompactRevision)
        {
            Assert.Equal(ErrorCode.Compacted, Assert.Throws<StoreException>(() => store.State.View().Range(request)).Code);
            return;
        }

        var mine = store.State.View().Range(request);
        var other = engine.Range(request);
        Assert.Equal((Text(other), other.Count, other.More), (Text(mine), mine.Count, mine.More));
    }

    private static void RequireSameRange(TestStore store, DictionaryEngine engine)
    {
        var mine = store.State.View().Range(All);
        var other = engine.Range(All);
        Assert.Equal(Text(other), Text(mine));
        Assert.Equal(
            other.Items.Select(item => (item.CreateRevision, item.ModRevision, item.Version, item.Lease)),
            mine.Items.Select(item => (item.CreateRevision, item.ModRevision, item.Version, item.Lease)));
    }

    private static CommandResult Whole(CommandExecutor executor, ulong index, ulong term, ReadOnlyMemory<byte> command, bool isAsked = true)
    {
        var result = executor.Apply(index, term, command, isAsked);
        while (result is null)
        {
            result = executor.ApplySlice();
        }

        return result;
    }
}
