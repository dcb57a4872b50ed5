using Raftd.Raft.Tests.Support;
using Raftd.Shared;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests;

/// <summary>A log on disk that contradicts itself, and a replica that reports what cannot be: the core stops and says why.</summary>
public sealed class BrokenStorageTests
{
    private static readonly Configuration Founding = new([new(1), new(2), new(3)], []);

    private static Entry At(ulong index) => new(new EntryId(1, index), EntryKind.Normal, default);

    private static string Broken(Action act) => Assert.Throws<InvariantViolationException>(act).Message;

    private static RaftNode Start(IRaftStorage storage, ulong term = 1, ulong commit = 0, ulong applied = 0) => new(
        TestOptions.For(1),
        storage,
        new FixedRandom(0),
        new RaftBootState
        {
            HardState = new HardState(term, NodeId.None, commit, Recovering: false),
            Configuration = Founding,
            AppliedIndex = applied,
        });

    [Fact]
    public void Start_ALogOfALaterTermThanTheHardState_Stops() =>
        Assert.Equal("the log ends with 1/3, the term on disk is 0", Broken(() => Start(new OddStorage(), term: 0)));

    [Fact]
    public void Start_ALogThatStartsBehindTheState_Stops() =>
        Assert.Equal("the log starts at 3, the state has entries up to 1 only", Broken(() => Start(new OddStorage { FirstIndex = 3 }, applied: 1)));

    [Fact]
    public void Start_AStateBeyondTheLog_Stops() =>
        Assert.Equal("the state has entries up to 9, commit is 3", Broken(() => Start(new OddStorage(), applied: 9)));

    [Theory]
    [InlineData("nothing", "storage has no entry of [1, 3)")]
    [InlineData("from 2", "storage gave entry 1/2 for [1, 3)")]
    [InlineData("a gap", "storage gave 2 entries up to 1/3 for [1, 3)")]
    [InlineData("too much", "storage gave 3 entries up to 1/3 for [1, 3)")]
    public void TakeReady_StorageGivesOtherEntriesThanAsked_Stops(string what, string message)
    {
        var storage = new OddStorage();
        var node = Start(storage, commit: 2);
        storage.Answer = what switch
        {
            "nothing" => [],
            "from 2" => [At(2)],
            "a gap" => [At(1), At(3)],
            _ => [At(1), At(2), At(3)],
        };
        Assert.Equal(message, Broken(() => node.TakeReady()));
    }

    [Fact]
    public void Durable_AReadyThatWasNeverHandedOut_Stops() =>
        Assert.Equal("7 reported durable, 0 was the last Ready", Broken(() => Start(new OddStorage()).Durable(7)));

    [Fact]
    public void Applied_AnEntryThatWasNeverHandedOut_Stops() =>
        Assert.Equal("3 reported applied, only 0 was handed out", Broken(() => Start(new OddStorage()).Applied(3)));

    [Fact]
    public void ReportSnapshot_OfMoreThanIsCommitted_Stops()
    {
        var storage = new OddStorage { FirstIndex = 4 };
        var leader = Start(storage, commit: 3, applied: 3);
        leader.Campaign();
        Settle(leader);
        leader.Step(new Message { Kind = MessageKind.MsgPreVoteResp, To = new(1), From = new(2), Term = 2 });
        Settle(leader);
        leader.Step(new Message { Kind = MessageKind.MsgVoteResp, To = new(1), From = new(2), Term = 2 });
        Settle(leader);
        leader.Step(new Message { Kind = MessageKind.MsgAppResp, To = new(1), From = new(2), Term = 2, Index = 3, Reject = true });
        Settle(leader);
        Assert.Equal("a snapshot at 8 was sent, only 3 is committed", Broken(() => leader.ReportSnapshot(new(2), 8, ok: true)));
    }

    private static void Settle(RaftNode node)
    {
        while (node.HasReady)
        {
            node.Durable(node.TakeReady().Sequence);
        }
    }

    /// <summary>Three entries of term 1, and the answer that the test sets.</summary>
    private sealed class OddStorage : IRaftStorage
    {
        public ulong FirstIndex { get; init; } = 1;

        public ulong LastIndex => 3;

        public IReadOnlyList<Entry>? Answer { get; set; }

        public ulong Term(ulong index) => index == 0 ? 0UL : 1UL;

        public IReadOnlyList<Entry> Entries(ulong low, ulong high, long maxBytes) =>
            Answer ?? [.. Enumerable.Range((int)low, (int)(high - low)).Select(index => At((ulong)index))];
    }
}
