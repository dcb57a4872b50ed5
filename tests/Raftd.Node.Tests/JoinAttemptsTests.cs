using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Contract;
using Raftd.Node.Membership;

namespace Raftd.Node.Tests;

public sealed class JoinAttemptsTests
{
    private const int AttemptsOfTenMinutes = 120;

    private static readonly MemberIdentity Self = new() { Format = MemberIdentity.CurrentFormat, Instance = 7, Label = "new" };

    [Fact]
    public void Failed_AsksOneMemberAfterTheOther_AndBeginsAgainWithTheFirst()
    {
        var attempts = Begin();
        var asked = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            asked.Add(attempts.Target);
            attempts.Failed("it does not answer");
        }

        Assert.Equal(["a:1", "b:1", "c:1", "a:1"], asked);
    }

    /// <summary>A member that is down for minutes is not asked hundreds of times, and one that is back is found within seconds.</summary>
    [Fact]
    public void Failed_PausesGrowToFiveSeconds_AndLastForAboutTenMinutes()
    {
        var attempts = Begin();
        var pauses = Enumerable.Range(1, AttemptsOfTenMinutes - 1).Select(_ => attempts.Failed("it does not answer")).ToArray();

        Assert.InRange(pauses[0], TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(200));
        Assert.All(pauses, pause => Assert.InRange(pause, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5)));
        Assert.InRange(pauses[^1], TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5));
        Assert.InRange(pauses.Sum(pause => pause.TotalMinutes), 5, 10);
    }

    [Fact]
    public void Failed_TheLastAttempt_SaysWhyAndWhatToDo()
    {
        var attempts = Begin();
        for (var i = 1; i < AttemptsOfTenMinutes; i++)
        {
            attempts.Failed("connection refused");
        }

        var gaveUp = Assert.Throws<FatalStopException>(() => attempts.Failed("connection refused"));
        Assert.Equal(FatalReason.JoinFailed, gaveUp.Reason);
        Assert.Contains("a:1, b:1, c:1: connection refused", gaveUp.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ErrorCode.Conflict, FatalReason.IdentityRefused)]
    [InlineData(ErrorCode.LevelTooLow, FatalReason.NewerLevel)]
    public void Attempts_Refused_StopWithTheReasonOfTheRefusal(ErrorCode code, FatalReason expected) =>
        Assert.Equal(expected, Begin().Refused(code, "no", hint: "").Reason);

    [Fact]
    public void Joined_KeepsTheDirectorysOwnNumber_AndKnowsWhomToDial()
    {
        var joined = Begin().Joined(new JoinResponse
        {
            ClusterId = 1,
            MemberId = 2,
            Generator = 3,
            Members = [new Member { Id = 9, Label = "a", HttpAddress = "a:1", PeerAddress = "a:2", IsLearner = false }],
        });

        Assert.Equal((1UL, 2UL, 3, 7UL), (joined.ClusterId, joined.MemberId, joined.Generator, joined.Instance));
        Assert.True(joined.IsMember);
        Assert.Equal("a:2", Assert.Single(joined.KnownMembers).PeerAddress);
    }

    private static JoinAttempts Begin() => new(
        Self,
        JoinAttempts.RequestOf(Self, "new:1", "new:2", generator: null, RaftdNode.NewestFeatureLevel),
        ["a:1", "b:1", "c:1"],
        new SeededRandom(1),
        NullLogger.Instance);
}
