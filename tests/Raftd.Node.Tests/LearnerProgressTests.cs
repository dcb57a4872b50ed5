using Raftd.Node.Service;

namespace Raftd.Node.Tests;

public sealed class LearnerProgressTests
{
    [Theory]
    [InlineData(6, true, true)]
    [InlineData(7, true, true)]
    [InlineData(5, true, false)]
    [InlineData(6, false, false)]
    public void HasCaughtUp_NeedsAllThatIsCommittedAndALateAnswer(ulong match, bool isActive, bool expected) =>
        Assert.Equal(expected, new LearnerProgress(match, Commit: 6, isActive).HasCaughtUp);
}
