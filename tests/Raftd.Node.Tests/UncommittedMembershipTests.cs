using Raftd.Contract;

namespace Raftd.Node.Tests;

/// <summary>Membership calls whose change is in the leader's log and not committed, because no majority is up: what may yet
/// be rolled back is neither reported nor answered as done.</summary>
public sealed class UncommittedMembershipTests : IAsyncLifetime
{
    // The leader steps down when it has heard of no majority for an election timeout: until then it takes changes in.
    private static readonly TimeSpan ElectionTimeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RequestTimeLimit = TimeSpan.FromMilliseconds(600);

    private TwoNodes _nodes = null!;

    private IClusterService Cluster => _nodes.First.Cluster;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _nodes = await TwoNodes.StartAsync(ElectionTimeout, RequestTimeLimit);

    public ValueTask DisposeAsync() => _nodes.DisposeAsync();

    [Fact]
    public async Task Join_IsNotReported_AndItsRetryIsNoSuccess_UntilItIsCommittedAsync()
    {
        await _nodes.StopSecondAsync();
        var first = await RefusedAsync(() => Cluster.JoinAsync(Newcomer, Stop));
        Assert.True(first is ErrorCode.UnknownOutcome or ErrorCode.NoLeader, $"the first try: {first}");
        Assert.Equal("first second", await LabelsAsync());
        Undone(await RefusedAsync(() => Cluster.JoinAsync(Newcomer, Stop)));
        Assert.Equal("first second", await LabelsAsync());

        await _nodes.StartSecondAsync();
        var joined = await WhenDoneAsync(() => Cluster.JoinAsync(Newcomer, Stop));
        Assert.Equal("first newcomer second", Labels(joined.Members));
        Assert.Equal("first newcomer second", await LabelsAsync());
        Assert.Equal(joined.MemberId, (await Cluster.JoinAsync(Newcomer, Stop)).MemberId);
    }

    [Fact]
    public async Task Removal_IsNotReported_AndItsRetryIsNot404_UntilItIsCommittedAsync()
    {
        var id = (await Cluster.JoinAsync(Newcomer, Stop)).MemberId;
        await _nodes.StopSecondAsync();
        var first = await RefusedAsync(() => RemoveAsync(id));
        Assert.True(first is ErrorCode.UnknownOutcome or ErrorCode.NoLeader, $"the first try: {first}");
        Assert.Contains("newcomer", await LabelsAsync(), StringComparison.Ordinal);
        Undone(await RefusedAsync(() => RemoveAsync(id)));
        Assert.Contains("newcomer", await LabelsAsync(), StringComparison.Ordinal);

        await _nodes.StartSecondAsync();
        await TwoNodes.UntilAsync("the removal is done", async () => await OutcomeAsync(() => RemoveAsync(id)) == ErrorCode.NotFound);
        Assert.Equal("first second", await LabelsAsync());
    }

    /// <summary>A leader that was deposed without knowing looks the same from inside: it hears no majority.</summary>
    [Fact]
    public async Task AnswerThatNeedsNoEntry_OfALeaderThatCannotShowThatItLeads_IsNotGivenAsync()
    {
        await _nodes.StopSecondAsync();
        Undone(await RefusedAsync(() => Cluster.JoinAsync(_nodes.SecondsRequest, Stop)));
        Undone(await RefusedAsync(() => RemoveAsync(id: 4711)));
        Undone(await RefusedAsync(() => Cluster.TransferLeadershipAsync(Cluster.Status().MemberId, Stop)));
    }

    private static JoinRequest Newcomer { get; } = new()
    {
        Label = "newcomer",
        HttpAddress = "127.0.0.1:2",
        PeerAddress = "127.0.0.1:3",
        Instance = 7,
    };

    private async ValueTask<bool> RemoveAsync(ulong id)
    {
        await Cluster.RemoveMemberAsync(id, Stop);
        return true;
    }

    private async Task<string> LabelsAsync() => Labels((await Cluster.MembersAsync(ReadLevel.Stale, Stop)).Members);

    private static string Labels(IEnumerable<Member> members) =>
        string.Join(' ', members.Select(member => member.Label).Order(StringComparer.Ordinal));

    /// <summary>Surely nothing came of the request, and it says nothing of any earlier one.</summary>
    private static void Undone(ErrorCode code) => Assert.True(code is ErrorCode.NotReady or ErrorCode.NoLeader, $"{code}");

    private static async Task<ErrorCode> RefusedAsync<T>(Func<ValueTask<T>> request) =>
        (await Assert.ThrowsAsync<StoreException>(async () => await request())).Code;

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

    private static async Task<T> WhenDoneAsync<T>(Func<ValueTask<T>> request)
    {
        await TwoNodes.UntilAsync("a leader answers", async () => await OutcomeAsync(request) is null);
        return await request();
    }
}
