using Raftd.State.Loops;

namespace Raftd.Node.Tests;

public sealed class MailboxTests
{
    [Fact]
    public void Take_GivesEverythingInOrder_AndWakesOncePerBatch()
    {
        var wakes = 0;
        var mailbox = new Mailbox<int>(capacity: 10) { Wake = () => wakes++ };
        mailbox.Post(1);
        Assert.True(mailbox.TryPost(2));
        mailbox.Post(3);

        var batch = new List<int>();
        Assert.True(mailbox.Take(ref batch));

        Assert.Equal([1, 2, 3], batch);
        Assert.Equal(1, wakes);
        batch.Clear();
        Assert.False(mailbox.Take(ref batch));
    }

    [Fact]
    public void TryPost_Full_RefusesUntilTakenWhilePostDoesNot()
    {
        var mailbox = new Mailbox<int>(capacity: 1);
        Assert.True(mailbox.TryPost(1));
        Assert.False(mailbox.TryPost(2));
        mailbox.Post(3);

        var batch = new List<int>();
        mailbox.Take(ref batch);

        Assert.Equal([1, 3], batch);
        Assert.True(mailbox.TryPost(4));
    }

    [Fact]
    public void TryPost_OfWhatMayWait_CallsNobodyWhileTheLoopGathers()
    {
        var wakes = 0;
        var mailbox = new Mailbox<int>(capacity: 10)
        {
            Wake = () => wakes++,
        };
        Assert.False(mailbox.Gather(int.MaxValue));
        Assert.True(mailbox.TryPost(1, mayWait: true));
        Assert.Equal(0, wakes);
        Assert.True(mailbox.TryPost(2));
        Assert.Equal(1, wakes);
        Assert.True(mailbox.Gather(0));
        var batch = new List<int>();
        Assert.True(mailbox.Take(ref batch));
        Assert.Equal([1, 2], batch);
        Assert.True(mailbox.TryPost(3, mayWait: true));
        Assert.Equal(2, wakes);
    }

    [Fact]
    public void TryPost_OfTheLastItemThatTheLoopGathers_CallsIt()
    {
        var wakes = 0;
        var mailbox = new Mailbox<int>(capacity: 10)
        {
            Wake = () => wakes++,
        };
        Assert.False(mailbox.Gather(3));
        Assert.True(mailbox.TryPost(1, mayWait: true));
        Assert.True(mailbox.TryPost(2, mayWait: true));
        Assert.Equal(0, wakes);
        Assert.False(mailbox.Gather(3));
        Assert.True(mailbox.Gather(2));
        Assert.False(mailbox.Gather(3));
        Assert.True(mailbox.TryPost(3, mayWait: true));
        Assert.Equal(1, wakes);
    }

    [Fact]
    public void Take_BatchBeforeNotHandled_IsABrokenInvariant()
    {
        var mailbox = new Mailbox<int>(capacity: 1);
        var batch = new List<int> { 1 };

        var broken = Assert.ThrowsAny<Exception>(() => mailbox.Take(ref batch));

        Assert.Contains("1 items", broken.Message, StringComparison.Ordinal);
    }
}
