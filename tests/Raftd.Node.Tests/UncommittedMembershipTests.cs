using Raftd.Contract;
using Raftd.State.Commands;
using Raftd.Testing;

namespace Raftd.Node.Tests;

/// <summary>Membership calls whose change is in the leader's log and not committed, because no majority is up: what may yet
/// be rolled back is neither reported nor answered as done.</summary>
public sealed class UncommittedMembershipTests : IAsyncLifetime
{
    private static readonly TimeSpan RequestTimeLimit = TimeSpan.FromMilliseconds(600);

    // A leader steps down when it has heard of no majority for its election timeout. This one does not within a test, and does
    // not have to win an election by waiting either: leadership is handed to it.
    private static readonly TimeSpan PatientElectionTimeout = TimeSpan.FromMinutes(5);

    private TwoNodes _nodes = null!;

    private IClusterService Cluster => _nodes.Second.Cluster;

    private IGroupService Group => _nodes.Second.Group;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _nodes = await TwoNodes.StartAsync(RequestTimeLimit, PatientElectionTimeout);
        await Until.TrueAsync("the second leads", async () =>
            await OutcomeAsync(() => _nodes.First.Cluster.TransferLeadershipAsync(Caller.Nobody, _nodes.SecondId, Stop)) is null);

        // Before it has, it proposes no change; and without the first it never will.
        await Until.TrueAsync("the second has applied the first entry of its term", () =>
            _nodes.Second.Member!.Replica.Status.IsPromoted);
    }

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task Join_UntilItIsCommitted_IsNotReportedAndItsRetryIsNoSuccessAsync()
    {
        await _nodes.StopFirstAsync();
        Assert.Equal(ErrorCode.UnknownOutcome, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)));
        Assert.Equal("first second", await LabelsAsync());
        Assert.Equal(ErrorCode.NotReady, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)));
        Assert.Equal("first second", await LabelsAsync());

        await _nodes.StartFirstAsync();
        JoinResponse? joined = null;
        await Until.TrueAsync("the join is done", async () =>
            await OutcomeAsync(async () => joined = await Group.JoinAsync(Caller.Nobody, Newcomer, Stop)) is null);
        Assert.Equal("first newcomer second", Labels(joined!.Members));
        Assert.Equal("first newcomer second", await LabelsAsync());
        Assert.Equal(joined.MemberId, (await Group.JoinAsync(Caller.Nobody, Newcomer, Stop)).MemberId);
    }

    [Fact]
    public async Task Removal_UntilItIsCommitted_IsNotReportedAndItsRetryIsNot404Async()
    {
        var id = (await Group.JoinAsync(Caller.Nobody, Newcomer, Stop)).MemberId;
        await _nodes.StopFirstAsync();
        Assert.Equal(ErrorCode.UnknownOutcome, await OutcomeAsync(() => RemoveAsync(id)));
        Assert.Equal("first newcomer second", await LabelsAsync());
        Assert.Equal(ErrorCode.NotReady, await OutcomeAsync(() => RemoveAsync(id)));
        Assert.Equal("first newcomer second", await LabelsAsync());

        await _nodes.StartFirstAsync();
        await Until.TrueAsync("the removal is done", async () => await OutcomeAsync(() => RemoveAsync(id)) == ErrorCode.NotFound);
        Assert.Equal("first second", await LabelsAsync());
    }

    /// <summary>The entry that raises the level outlives its answer, and until it is applied it is not known which level a member
    /// that joins behind it must know.</summary>
    [Fact]
    public async Task Join_WhileTheLevelMayBeRising_WaitsForThatAsync()
    {
        await _nodes.StopFirstAsync();
        var leader = _nodes.Second.Member!.Replica;
        await leader.InATickAsync(raft =>
        {
            leader.RaiseLevel(By.Nobody.RaiseLevel(FeatureLevel.First, raft.ConfigurationIndex));
            return true;
        });
        Assert.Equal(ErrorCode.NotReady, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)));
        Assert.Equal(ErrorCode.NotReady, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)));

        await _nodes.StartFirstAsync();
        await Until.TrueAsync("the join is done", async () =>
            await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)) is null);
        Assert.Equal("first newcomer second", await LabelsAsync());
    }

    /// <summary>A leader that was deposed without knowing looks the same from inside: it hears no majority.</summary>
    [Fact]
    public async Task AnswerThatNeedsNoEntry_OfALeaderThatCannotShowThatItLeads_IsNotGivenAsync()
    {
        await Group.JoinAsync(Caller.Nobody, Newcomer, Stop);
        await _nodes.StopFirstAsync();
        Assert.Equal(ErrorCode.NoLeader, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer, Stop)));
        Assert.Equal(ErrorCode.NoLeader, await OutcomeAsync(() => Group.JoinAsync(Caller.Nobody, Newcomer with { Instance = 8 }, Stop)));
        Assert.Equal(ErrorCode.NoLeader, await OutcomeAsync(() => RemoveAsync(id: 4711)));
        Assert.Equal(ErrorCode.NoLeader, await OutcomeAsync(() => Cluster.TransferLeadershipAsync(Caller.Nobody, _nodes.SecondId, Stop)));
    }

    private static JoinRequest Newcomer { get; } = new()
    {
        Label = "newcomer",
        HttpAddress = "127.0.0.1:2",
        PeerAddress = "127.0.0.1:3",
        Instance = 7,
        FeatureLevel = RaftdNode.NewestFeatureLevel,
    };

    private async ValueTask<bool> RemoveAsync(ulong id)
    {
        await Group.RemoveMemberAsync(Caller.Nobody, id, Stop);
        return true;
    }

    private async Task<string> LabelsAsync() => Labels((await Cluster.MembersAsync(Caller.Nobody, ReadLevel.Stale, Stop)).Members);

    private static string Labels(IEnumerable<Member> members) =>
        string.Join(' ', members.Select(member => member.Label).Order(StringComparer.Ordinal));

    /// <summary>The refusal, or null for an answer.</summary>
    private static async Task<ErrorCode?> OutcomeAsync<T>(Func<ValueTask<T>> request)
    {
        try
        {
            await request();
            return null;
        }
        catch (StoreException refused)
        {
            return refused.Code;
        }
    }
}
