using Raftd.Contract;
using Raftd.Node.Replication;
using Raftd.Store.Commands;
using Raftd.Store.Mvcc;
using Raftd.Store.Testing;

namespace Raftd.Node.Tests;

/// <summary>An hour and ten thousand revisions are kept, unless history fills half the quota.</summary>
public sealed class CompactionPolicyTests : IDisposable
{
    private const long Plenty = 1L << 40;

    private readonly ModelStateDirectory _directory = new(new ModelStateDisk());
    private readonly StateMachine _state;
    private readonly Clock _clock = new();

    public CompactionPolicyTests() => _state = StateMachine.Open(_directory, new StoreOptions());

    public void Dispose()
    {
        _state.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Next_FewRevisions_KeepsThemWhateverTheirAge()
    {
        var policy = new CompactionPolicy(Plenty);
        Put(5000);
        Assert.Null(policy.Next(_state.View(), _clock));
        _clock.Minutes(600);
        Assert.Null(policy.Next(_state.View(), _clock));
    }

    [Fact]
    public void Next_ManyRevisions_LetsGoOfThoseOlderThanAnHour()
    {
        var policy = new CompactionPolicy(Plenty);
        Put(2000);
        var old = _state.View().Revision;
        Assert.Null(policy.Next(_state.View(), _clock));
        Put(11_000);
        _clock.Minutes(59);
        Assert.Null(policy.Next(_state.View(), _clock));
        _clock.Minutes(1);
        Assert.Equal(old, policy.Next(_state.View(), _clock));

        Apply(CommandFactory.Compact(old));
        _clock.Minutes(1);
        Assert.Null(policy.Next(_state.View(), _clock));
    }

    [Fact]
    public void Next_HistoryFillsHalfTheQuota_KeepsTenThousandRevisions()
    {
        var policy = new CompactionPolicy(quotaBytes: 1000);
        Put(10_500);
        Assert.Equal(_state.View().Revision - CompactionPolicy.KeptRevisions, policy.Next(_state.View(), _clock));
    }

    private void Put(int count)
    {
        var put = CommandFactory.Put(new PutRequest { Key = "k"u8.ToArray(), Value = "v"u8.ToArray() });
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

    private sealed class Clock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => _now;

        public void Minutes(int minutes) => _now += 60L * minutes;
    }
}
