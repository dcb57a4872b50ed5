using Raftd.Sql.Buckets;
using Raftd.State.Loops;
using Raftd.Testing;

namespace Raftd.Sql.Tests.Fronts;

/// <summary>Loops that share a few threads.</summary>
public sealed class LoopTeamTests : IDisposable
{
    private const int Threads = 3;

    private static readonly TimeSpan Never = TimeSpan.FromHours(1);

    private readonly LoopTeam _team;
    private volatile Exception? _failure;

    public LoopTeamTests() => _team = new LoopTeam("test", Threads, TimeProvider.System, failure => _failure = failure);

    public void Dispose() => _team.Dispose();

    [Fact]
    public async Task Loops_MoreThanThreads_AllStep_AndNoneOnTwoThreadsAtOnce()
    {
        var loops = Enumerable.Range(0, 20).Select(static _ => new CountingLoop()).ToList();
        var seats = loops.ConvertAll(loop => _team.Add(loop, static () => Never));
        Parallel.For(0, 20_000, number => seats[number % seats.Count].Wake());
        loops.ForEach(static loop => loop.Asked = true);
        seats.ForEach(static seat => seat.Wake());
        await Until.TrueAsync("each has stepped behind its last wake", () => loops.TrueForAll(static loop => loop.SawAsked));
        Assert.All(loops, static loop => Assert.False(loop.WasStolen));
        Assert.Null(_failure);
    }

    [Fact]
    public async Task Loop_ThatHasMore_IsSteppedAgain_AndTicksAtItsPace()
    {
        var loop = new CountingLoop { More = 1000 };
        var seat = _team.Add(loop, static () => TimeSpan.FromMilliseconds(1));
        await Until.TrueAsync("it ticks without a wake, and ends what it has", () => loop.Ticks >= 3 && loop.More == 0);
        await seat.LeaveAsync();
        var ticks = loop.Ticks;
        var other = new CountingLoop();
        _team.Add(other, static () => TimeSpan.FromMilliseconds(1));
        await Until.TrueAsync("the other one ticks", () => other.Ticks >= 10);
        Assert.Equal(ticks, loop.Ticks);
    }

    [Fact]
    public async Task Seat_IsGivenUp_OnlyWhenNoThreadStepsItsLoop()
    {
        var loop = new CountingLoop { Blocks = new ManualResetEventSlim() };
        var seat = _team.Add(loop, static () => Never);
        seat.Wake();
        await Until.TrueAsync("it steps", () => loop.IsInStep);
        var given = seat.LeaveAsync();
        Assert.False(given.IsCompleted && loop.IsInStep);
        loop.Blocks.Set();
        await given;
        Assert.False(loop.IsInStep);
    }

    [Fact]
    public async Task Seat_GivenUpInTheQueue_IsNotSteppedAnyMore()
    {
        var blocks = new ManualResetEventSlim();
        var busy = Enumerable.Range(0, Threads).Select(_ => new CountingLoop { Blocks = blocks }).ToList();
        busy.ForEach(loop => _team.Add(loop, static () => Never).Wake());
        await Until.TrueAsync("all threads are taken", () => busy.TrueForAll(static loop => loop.IsInStep));
        var (gone, behind) = (new CountingLoop(), new CountingLoop { Asked = true });
        var seat = _team.Add(gone, static () => Never);
        seat.Wake();
        _team.Add(behind, static () => Never).Wake();
        Assert.True(seat.LeaveAsync().IsCompleted);
        blocks.Set();
        await Until.TrueAsync("the one behind it in the queue has stepped", () => behind.SawAsked);
        Assert.Equal(0, gone.Steps);
    }

    [Fact]
    public async Task Step_ThatThrows_IsTold()
    {
        _team.Add(new CountingLoop { Throws = true }, static () => Never).Wake();
        await Until.TrueAsync("the failure is told", () => _failure is InvalidOperationException);
    }

    private sealed class CountingLoop : ILoop
    {
        private int _inStep;

        public volatile bool Asked;
        public volatile bool SawAsked;
        public volatile bool WasStolen;

        public int Ticks { get; private set; }

        public int Steps { get; private set; }

        public int More { get; set; }

        public bool Throws { get; init; }

        public ManualResetEventSlim? Blocks { get; init; }

        public bool IsInStep => Volatile.Read(ref _inStep) > 0;

        public bool Step()
        {
            WasStolen |= Interlocked.Increment(ref _inStep) > 1;
            Blocks?.Wait();
            Steps++;
            SawAsked |= Asked;
            More = Math.Max(0, More - 1);
            Interlocked.Decrement(ref _inStep);
            return Throws ? throw new InvalidOperationException("thrown") : More > 0;
        }

        public void Tick() => Ticks++;
    }
}
