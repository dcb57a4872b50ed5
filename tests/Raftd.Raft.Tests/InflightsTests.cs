using Raftd.Shared;

namespace Raftd.Raft.Tests;

public sealed class InflightsTests
{
    [Fact]
    public void Add_UpToTheMessageLimit_IsFull()
    {
        var inflights = new Inflights(maxMessages: 20, maxBytes: 1000);
        for (var i = 1UL; i <= 20; i++)
        {
            Assert.False(inflights.IsFull);
            inflights.Add(i, 1);
        }

        Assert.True(inflights.IsFull);
        Assert.Equal(20, inflights.Bytes);
        Assert.Throws<InvariantViolationException>(() => inflights.Add(21, 1));
    }

    [Fact]
    public void Add_OneMessageBeyondTheByteLimit_IsAllowedAndFull()
    {
        var inflights = new Inflights(maxMessages: 20, maxBytes: 1000);
        inflights.Add(1, 5000);
        Assert.True(inflights.IsFull);
        inflights.FreeUpTo(1);
        Assert.False(inflights.IsFull);
        Assert.Equal(0, inflights.Bytes);
    }

    [Fact]
    public void FreeUpTo_AnIndexWithinAMessage_KeepsThatMessage()
    {
        var inflights = new Inflights(maxMessages: 4, maxBytes: 1000);
        inflights.Add(3, 30);
        inflights.Add(7, 40);
        inflights.FreeUpTo(5);
        Assert.Equal(1, inflights.Count);
        Assert.Equal(40, inflights.Bytes);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Ring_RandomUse_AgreesWithAQueue(int seed)
    {
        var random = new Random(seed);
        var inflights = new Inflights(maxMessages: 13, maxBytes: 100);
        var model = new Queue<(ulong Last, long Bytes)>();
        var next = 0UL;
        for (var i = 0; i < 10_000; i++)
        {
            if (random.Next(2) == 0 && !inflights.IsFull)
            {
                next += (ulong)random.Next(1, 4);
                var bytes = random.Next(1, 20);
                inflights.Add(next, bytes);
                model.Enqueue((next, bytes));
            }
            else if (random.Next(3) == 0)
            {
                var upTo = next - Math.Min(next, (ulong)random.Next(20));
                inflights.FreeUpTo(upTo);
                while (model.TryPeek(out var first) && first.Last <= upTo)
                {
                    model.Dequeue();
                }
            }

            Assert.Equal((model.Count, model.Sum(slot => slot.Bytes)), (inflights.Count, inflights.Bytes));
            Assert.Equal(model.Count == 13 || inflights.Bytes >= 100, inflights.IsFull);
        }
    }
}
