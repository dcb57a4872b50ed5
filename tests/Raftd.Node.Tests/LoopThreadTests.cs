using Raftd.State.Loops;

namespace Raftd.Node.Tests;

public sealed class LoopThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan NeverTicks = TimeSpan.FromHours(1);

    [Fact]
    public void NextDeadline_BetweenTwoTicks_StepsThenThoughNothingArrives()
    {
        using var loop = new Deadlines(count: 3);
        using var thread = new LoopThread("test", loop, NeverTicks, TimeProvider.System, _ => { });
        thread.Start();

        Assert.True(loop.AllKept.Wait(Patience), $"{loop.Left} deadlines were not kept");
    }

    /// <summary>A few milliseconds from one to the next, then none.</summary>
    private sealed class Deadlines(int count) : ILoop, IDisposable
    {
        public ManualResetEventSlim AllKept { get; } = new();

        public int Left { get; private set; } = count;

        public long? NextDeadline { get; private set; } = TimeProvider.System.GetTimestamp();

        public bool Step()
        {
            if (NextDeadline is { } due && TimeProvider.System.GetTimestamp() >= due)
            {
                Left--;
                NextDeadline = Left > 0 ? due + (TimeProvider.System.TimestampFrequency / 200) : null;
            }

            if (Left == 0)
            {
                AllKept.Set();
            }

            return false;
        }

        public void Tick()
        {
        }

        public void Dispose() => AllKept.Dispose();
    }
}
