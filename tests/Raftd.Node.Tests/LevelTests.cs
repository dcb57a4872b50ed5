using Raftd.Contract;
using Raftd.Node.Membership;
using Raftd.Node.Replication;
using Raftd.Peers;
using Raftd.State.Commands;
using Raftd.State.Leading;
using Raftd.Wal;

namespace Raftd.Node.Tests;

/// <summary>The feature level as a leader keeps it: when it may rise, and what it lets into the log.</summary>
public sealed class LevelTests(LoneNode lone) : IClassFixture<LoneNode>
{
    private static readonly MemberTable Three = MemberTable.Of([Member(1), Member(2), Member(3)]);

    [Theory]
    [InlineData(FeatureLevel.Newest, FeatureLevel.Newest, FeatureLevel.Newest)]
    [InlineData(FeatureLevel.Newest + 1, FeatureLevel.Newest + 2, FeatureLevel.Newest)]
    [InlineData(FeatureLevel.Newest - 1, FeatureLevel.Newest, FeatureLevel.Newest - 1)]
    [InlineData(FeatureLevel.Newest, FeatureLevel.Newest - 1, FeatureLevel.Newest - 1)]
    public void LevelOfAll_IsTheLowest_AndNeverAboveThisBuilds(int two, int three, int expected) => Assert.Equal(
        expected, LevelRaiser.LevelOfAll(FeatureLevel.Newest, Three, member => member switch { 2 => two, 3 => three, _ => FeatureLevel.Newest }));

    [Fact]
    public void LevelOfAll_AMemberIsSilent_IsNone() =>
        Assert.Equal(0, LevelRaiser.LevelOfAll(FeatureLevel.Newest, Three, member => member == 2 ? null : FeatureLevel.Newest));

    /// <summary>No member of the cluster could apply it, and none of them could ever get past it.</summary>
    [Fact]
    public async Task Command_ThatNeedsMoreThanTheClustersLevel_IsNotProposedAsync()
    {
        var replica = lone.Node.Member!.Replica;
        await lone.Node.KeyValues.PutAsync(
            Caller.Nobody, new PutRequest { Key = "k"u8.ToArray(), Value = default }, TestContext.Current.CancellationToken);
        var last = await replica.InATickAsync(raft => raft.LastIndex);
        var proposed = replica.ProposeAsync(new byte[] { FeatureLevel.Newest + 1, 1, 2, 3 });
        await Task.WhenAny(proposed, lone.Node.Failed);
        Assert.False(lone.Node.Failed.IsCompleted, "the member met it in its log");
        var outcome = await proposed;
        Assert.Equal(ProposalEnd.LevelTooLow, outcome.End);
        var refused = Assert.Throws<StoreException>(() => Refusals.Result(outcome));
        Assert.Equal(ErrorCode.LevelTooLow, refused.Code);
        Assert.Contains($"needs feature level {FeatureLevel.Newest + 1}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(last, await replica.InATickAsync(raft => raft.LastIndex));
    }

    /// <summary>The leader of a new cluster raises the level with a tick; its first clients come before that.</summary>
    [Fact]
    public async Task Transaction_FirstOfAllInANewCluster_IsNotRefusedAsync()
    {
        await using var founder = new LoneNode();
        var stop = TestContext.Current.CancellationToken;
        await founder.Node.StartAsync(stop);
        var txn = new TxnRequest { Success = [new TxnOperation { Put = new PutRequest { Key = "k"u8.ToArray(), Value = default } }] };
        Assert.True((await founder.Node.KeyValues.TxnAsync(Caller.Nobody, txn, stop)).Succeeded);
    }

    /// <summary>Put back to an older build, a member must not vote for or acknowledge what it cannot read.</summary>
    [Theory]
    [InlineData(FeatureLevel.Newest, null)]
    [InlineData(FeatureLevel.Newest + 1, null)]
    [InlineData(FeatureLevel.Newest - 1, "the build of old knows 1")]
    public void Peer_BelowTheClustersLevel_IsNotServed(int level, string? refusal)
    {
        var self = new PeerIdentity(ClusterId: 5, Id: 6, "alone");
        var caller = new PeerHandshake(5, From: 7, To: 6, "old", "alone") { Level = level };
        var said = self.Refusal(caller, lone.Node.Member!.Replica.FeatureLevel, "start it again");
        if (refusal is null)
        {
            Assert.Null(said);
        }
        else
        {
            Assert.Contains(refusal, said, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FatalStop_MetWhatIsNewer_SaysSo()
    {
        Exception[] newer =
        [
            new NewerLevelException("entry 7", 9, FeatureLevel.Newest), new WalVersionException(1, found: 9, known: 1),
        ];
        foreach (var met in newer)
        {
            var stop = FatalStops.Of(met, "/data");
            Assert.Equal(FatalReason.NewerLevel, stop.Reason);
            Assert.Contains("9", stop.What, StringComparison.Ordinal);
        }
    }

    private static MemberInfo Member(ulong id) => new()
    {
        Id = id,
        Label = $"node{id}",
        HttpAddress = $"127.0.0.1:{id}",
        PeerAddress = $"127.0.0.1:{id + 10}",
        Instance = id,
        Generator = (int)id,
        PromoteWhenCaughtUp = false,
    };
}
