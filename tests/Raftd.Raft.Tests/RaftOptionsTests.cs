using Raftd.Raft.Tests.Support;
using Raftd.Testing.Cores;

namespace Raftd.Raft.Tests;

public sealed class RaftOptionsTests
{
    private static readonly RaftOptions Sound = TestOptions.For(1);

    [Fact]
    public void Validate_SoundOptions_NoProblem() => Assert.Empty(Sound.Validate());

    public static TheoryData<string, RaftOptions> Unsound() => new()
    {
        { "Id", Sound with { Id = NodeId.None } },
        { "HeartbeatTicks", Sound with { HeartbeatTicks = 0 } },
        { "ElectionTimeoutTicks", Sound with { ElectionTimeoutTicks = 4 } },
        { "MaxInflightMessages", Sound with { MaxInflightMessages = 0 } },
        { "MaxMessageBytes", Sound with { MaxMessageBytes = 0 } },
        { "MaxInflightBytes", Sound with { MaxInflightBytes = Sound.MaxMessageBytes - 1 } },
        { "MaxUncommittedBytes", Sound with { MaxUncommittedBytes = 0 } },
        { "MaxCachedBytes", Sound with { MaxCachedBytes = -1 } },
        { "MaxApplyingBytes", Sound with { MaxApplyingBytes = 0 } },
    };

    [Theory]
    [MemberData(nameof(Unsound), DisableDiscoveryEnumeration = true)]
    public void Validate_OneUnsoundValue_NamesIt(string name, RaftOptions options)
    {
        var problem = Assert.Single(options.Validate());
        Assert.StartsWith(name, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_SeveralUnsoundValues_NamesAll() =>
        Assert.Equal(3, (Sound with { Id = NodeId.None, MaxCachedBytes = -1, MaxInflightMessages = 0 }).Validate().Count);

    [Fact]
    public void Node_WithUnsoundOptions_IsRefused() => Assert.Throws<ArgumentException>(() => new RaftNode(
        Sound with { HeartbeatTicks = 0 },
        new CoreDisk(),
        new FixedRandom(1),
        new RaftBootState { Configuration = Configuration.Empty }));
}
