using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Store;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>Which writes a leader lets into its log.</summary>
public sealed class QuotaGateTests : IDisposable
{
    private const long Quota = 10_000;
    private const int ValueBytes = 1000;

    // Values that fit: each takes its key and 64 bytes more.
    private const int Fitting = 9;

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly ManualTime _time = new();
    private readonly QuotaGate _gate;
    private readonly ByteBudget _budget = new(1 << 20);

    public QuotaGateTests()
    {
        _state = StateMachine.Open(_directory, new StoreOptions());
        _gate = new QuotaGate(Quota, _state, _time);
    }

    public void Dispose()
    {
        _state.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task Admit_UnderWayCounts_AsIfItWereAppliedAsync()
    {
        var writes = Enumerable.Range(0, 20).Select(i => Put($"k{i}")).ToArray();
        var admitted = Admit(writes);
        Assert.InRange(admitted.Count, Fitting - 1, Fitting);
        Assert.All(writes, write => Assert.False(write.Task.IsCompleted));
        Assert.False(_gate.NeedsRoom);

        // As soon as they are applied it is known that the others do not fit.
        for (; admitted.Count > 0; admitted = Admit())
        {
            Apply(admitted);
        }

        Assert.Equal(Fitting, _state.View().KeyCount);
        foreach (var refused in writes[Fitting..])
        {
            Assert.Equal(ProposalEnd.QuotaExceeded, await EndAsync(refused));
        }

        Assert.True(_gate.IsFull);
    }

    [Fact]
    public void Admit_HistoryIsInTheWay_WaitsForACompaction()
    {
        for (var i = 0; i < Fitting; i++)
        {
            Apply(Admit(Put("k")));
        }

        var write = Put("k");
        Assert.Empty(Admit(write));
        Assert.True(_gate.NeedsRoom);
        Assert.False(write.Task.IsCompleted);

        Apply(By.Nobody.Compact(_state.View().Revision));
        Assert.Equal([write], Admit());
        Assert.False(_gate.NeedsRoom);
        Assert.False(_gate.IsFull);
    }

    [Fact]
    public async Task Admit_LiveDataFillTheQuota_RefusesWithTheNumbersAndLetsSmallerWritesInAsync()
    {
        for (var i = 0; i < Fitting; i++)
        {
            Apply(Admit(Put($"k{i}")));
        }

        var refused = Put("one more");
        Assert.Empty(Admit(refused));
        Assert.Equal(ProposalEnd.QuotaExceeded, await EndAsync(refused));
        Assert.Contains($"{Quota}", (await refused.Task).Reason, StringComparison.Ordinal);
        Assert.True(_gate.IsFull);
        var small = Put("small", valueBytes: 1);
        Assert.Equal([small], Admit(small));
        Apply([small]);

        // Overwriting adds nothing to the live data, and deleting is always let in.
        var same = Put("k1");
        Assert.Equal([same], Admit(same));
        Apply([same]);
        var delete = Proposal(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "k2"u8.ToArray() }));
        Assert.Equal([delete], Admit(delete));
    }

    [Fact]
    public void IsFull_WhatWasRefusedFitsAgain_OrIsForgotten()
    {
        for (var i = 0; i < Fitting; i++)
        {
            Apply(Admit(Put($"k{i}")));
        }

        Admit(Put("one more"));
        Assert.True(_gate.IsFull);
        _time.Seconds(61);
        Assert.False(_gate.IsFull);

        Admit(Put("one more"));
        Assert.True(_gate.IsFull);
        Apply(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "k1"u8.ToArray() }));
        Assert.False(_gate.IsFull);

        // What was refused would have fitted; that the quota is as full as before it, is no reason for an alarm.
        Apply(By.Nobody.Compact(_state.View().Revision));
        Apply(Admit(Put("one more")));
        Assert.False(_gate.IsFull);
    }

    /// <summary>Tombstones of the newest revision cannot be compacted: a write must not wait for it.</summary>
    [Fact]
    public void Admit_OnlyTombstonesOfTheNewestRevisionAreInTheWay_LetsOneWriteIn()
    {
        for (var i = 0; i < 130; i++)
        {
            Apply(Put($"many/{i}", valueBytes: 1).Command);
        }

        Apply(By.Nobody.DeleteRange(new DeleteRangeRequest { Key = "many/"u8.ToArray(), RangeEnd = "many0"u8.ToArray() }));
        Apply(By.Nobody.Compact(_state.View().Revision));
        Assert.InRange(_state.View().LogicalBytes, Quota - ValueBytes, Quota);
        Assert.Equal(_state.View().LogicalBytes, _state.View().HistoryBytes);
        var first = Put("k");
        var second = Put("l");
        Assert.Equal([first], Admit(first, second));
        Apply([first]);
        Assert.Empty(Admit());
        Assert.True(_gate.NeedsRoom);
    }

    [Fact]
    public void Admit_BeforeTheTermsFirstEntryIsApplied_LetsNothingInThatTakesRoom()
    {
        var write = Put("k");
        List<Proposal> gathered = [write, Proposal(By.Nobody.LeaseRevoke(1))];
        _gate.Admit(gathered, knowsUnderWay: false);
        Assert.Single(gathered);
        Assert.Equal([write], Admit());
    }

    [Fact]
    public async Task WaitingWrites_EndWithTheirTime_AndWithTheLeadershipAsync()
    {
        for (var i = 0; i < Fitting; i++)
        {
            Apply(Admit(Put("k")));
        }

        var late = Put("k", deadline: 5);
        var waiting = Put("k");
        Admit(late, waiting);
        _gate.EndOverdue(now: 5);
        Assert.Equal(ProposalEnd.TooMany, await EndAsync(late));
        _gate.EndLeadership();
        Assert.Equal(ProposalEnd.NotProposed, await EndAsync(waiting));
    }

    private static async Task<ProposalEnd> EndAsync(Proposal proposal) => (await proposal.Task).End;

    private List<Proposal> Admit(params Proposal[] arrived)
    {
        List<Proposal> gathered = [.. arrived];
        _gate.Admit(gathered, knowsUnderWay: true);
        return gathered;
    }

    private Proposal Put(string key, int valueBytes = ValueBytes, long deadline = long.MaxValue) => Proposal(
        By.Nobody.Put(new PutRequest { Key = System.Text.Encoding.UTF8.GetBytes(key), Value = new byte[valueBytes] }), deadline);

    private Proposal Proposal(ReadOnlyMemory<byte> command, long deadline = long.MaxValue) =>
        new(command, deadline, _budget, CommandCodec.MaxGrowth(command.Span));

    private void Apply(List<Proposal> admitted)
    {
        foreach (var proposal in admitted)
        {
            proposal.Index = _state.Applied.Index + 1;
            Apply(proposal.Command);
        }
    }

    private void Apply(ReadOnlyMemory<byte> command)
    {
        Assert.NotNull(_state.Apply(_state.Applied.Index + 1, term: 1, command));
        _state.Publish();
    }
}
