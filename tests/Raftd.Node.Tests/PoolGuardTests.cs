using Microsoft.Extensions.Logging.Abstractions;
using Raftd.Node.Loops;
using Raftd.Testing.Clocks;

namespace Raftd.Node.Tests;

/// <summary>Threads for a pool whose threads are all blocked (failure 87 of docs/failures.md).</summary>
public sealed class PoolGuardTests
{
    private readonly ManualTime _clock = new();
    private readonly BlockedPool _pool = new();
    private readonly PoolGuard _guard;

    public PoolGuardTests() => _guard = new PoolGuard(_pool, _clock, NullLogger.Instance);

    [Fact]
    public void Tick_ProbesRun_ChangesNothing()
    {
        Tick(100);
        Assert.Equal(BlockedPool.Cores, _pool.MinThreads);
    }

    /// <summary>Each blocked item in front of the probe takes a thread for good.</summary>
    [Fact]
    public void Tick_FiveHundredThreadsBlocked_ProbeRunsWithinSixLooks()
    {
        _pool.Block(500);
        Tick(7);
        Assert.Equal(0, _pool.Waiting);
        Assert.InRange(_pool.MinThreads, 500, 600);
    }

    [Fact]
    public void Tick_MoreBlockedThanItMayAnswer_StopsAtItsBound()
    {
        _pool.Block(100_000);
        Tick(1000);
        Assert.Equal(BlockedPool.Cores + PoolGuard.MaxExtra, _pool.MinThreads);
    }

    [Fact]
    public void Tick_WellAgain_LetsTheMinimumFallByHalvesToWhereItBegan()
    {
        _pool.Block(100);
        Tick(5);
        var raised = _pool.MinThreads;
        _pool.Unblock();
        Tick(2);
        Assert.Equal(raised, _pool.MinThreads);

        _clock.Advance(TimeSpan.FromSeconds(11));
        Tick(2);
        Assert.InRange(_pool.MinThreads, BlockedPool.Cores + 1, raised - 1);
        for (var i = 0; i < 10; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(11));
            Tick(2);
        }

        Assert.Equal(BlockedPool.Cores, _pool.MinThreads);
    }

    private void Tick(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _clock.Advance(TimeSpan.FromMilliseconds(50));
            _guard.Tick();
            _pool.Work();
        }
    }

    /// <summary>A pool in which some work never ends, and which adds no threads by itself.</summary>
    private sealed class BlockedPool : IWorkerPool
    {
        public const int Cores = 2;

        private readonly Queue<Action?> _queue = new();
        private int _blocked;

        public int MinThreads { get; set; } = Cores;

        public int Threads => Math.Max(MinThreads, _blocked);

        public int Waiting => _queue.Count;

        public void Post(Action work) => _queue.Enqueue(work);

        public void Block(int items)
        {
            for (var i = 0; i < items; i++)
            {
                _queue.Enqueue(null);
            }
        }

        public void Unblock() => _blocked = 0;

        public void Work()
        {
            while (_blocked < MinThreads && _queue.TryDequeue(out var work))
            {
                if (work is null)
                {
                    _blocked++;
                }
                else
                {
                    work();
                }
            }
        }
    }
}
