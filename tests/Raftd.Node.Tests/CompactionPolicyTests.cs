using Raftd.Contract;
using Raftd.State.Leading;
using Raftd.Store;
using Raftd.Testing;
using Raftd.Testing.Buckets;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>An hour and ten thousand revisions are kept, unless history takes half the quota or stands in the way.</summary>
public sealed class CompactionPolicyTests : IDisposable
{
    private const long Plenty = 1L << 40;

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly ManualTime _time = new();

    public CompactionPolicyTests() => _state = StateMachine.Open(_directory, new StoreOptions());

    public void Dispose()
    {
        _state.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Next_FewRevisions_KeepsThemAtAnyAge()
    {
        var policy = new CompactionPolicy(Plenty);
        Put(5000);
        Assert.Null(policy.Next(_state.View(), _time));
        _time.Advance(TimeSpan.FromMinutes(600));
        Assert.Null(policy.Next(_state.View(), _time));
    }

    [Fact]
    public void Next_ManyRevisions_LetsGoOfThoseOlderThanAnHour()
    {
        var policy = new CompactionPolicy(Plenty);
        Put(2000);
        var old = _state.View().Revision;
        Assert.Null(policy.Next(_state.View(), _time));
        Put(11_000);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Null(policy.Next(_state.View(), _time));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(old, policy.Next(_state.View(), _time));

        Apply(By.Nobody.Compact(old));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(policy.Next(_state.View(), _time));
    }

    [Fact]
    public void ForRoom_HistoryBelowHalfTheQuota_KeepsIt()
    {
        Put(500);
        Assert.Null(new CompactionPolicy(2 * _state.View().HistoryBytes).ForRoom(_state.View(), isAwaited: false));
    }

    [Fact]
    public void ForRoom_HistoryAboveHalfTheQuota_GivesUpTheOlderHalfAndAgain()
    {
        Put(500);
        var view = _state.View();
        var policy = new CompactionPolicy((2 * view.HistoryBytes) - 2);
        var half = policy.ForRoom(view, isAwaited: false);
        Assert.Equal(1 + (view.Revision / 2), half);

        Apply(By.Nobody.Compact(half!.Value));
        Assert.Null(policy.ForRoom(_state.View(), isAwaited: false));
    }

    /// <summary>A quota of 16 MiB was full for good after 17 values of 1 MB: history stayed at any weight.</summary>
    [Fact]
    public void ForRoom_AWriteWaits_GoesDownToThePresent()
    {
        Put(500);
        var policy = new CompactionPolicy(Plenty);
        var compactions = 0;
        while (policy.ForRoom(_state.View(), isAwaited: true) is { } revision)
        {
            Apply(By.Nobody.Compact(revision));
            compactions++;
        }

        Assert.Equal(_state.View().Revision, _state.View().CompactRevision);
        Assert.Equal(0, _state.View().HistoryBytes);
        Assert.InRange(compactions, 2, 10);
    }

    private void Put(int count)
    {
        var put = By.Nobody.Put(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() });
        for (var i = 0; i < count; i++)
        {
            Apply(put);
        }
    }

    private void Apply(ReadOnlyMemory<byte> command)
    {
        _state.Apply(_state.Applied.Index + 1, term: 1, command);
        _state.Publish();
    }
}
