using Raftd.State.Loops;

namespace Raftd.Simulation.Fronts;

/// <summary>Awaited code as events of the simulation: a request in a front, or a client outside of any.</summary>
internal sealed class SteppedContext
{
    private readonly FrontWorld _world;
    private readonly FrontIncarnation? _owner;
    private readonly LoopContext _context = new();
    private bool _isRunning;

    /// <param name="world">Where time passes.</param>
    /// <param name="owner">It runs only while this runs; null for a client.</param>
    public SteppedContext(FrontWorld world, FrontIncarnation? owner)
    {
        _world = world;
        _owner = owner;
        _context.Wake = RunSoon;
    }

    public void Run(Func<Task> code) => _context.Run(code);

    private void RunSoon() => _world.Scheduler.After(1, Step);

    private void Step()
    {
        if (_isRunning || _owner is { IsAlive: false })
        {
            // In a call: what has come is taken behind it.
            return;
        }

        if (_owner is { MayRun: false })
        {
            _world.Scheduler.After(Math.Max(1, _owner.Front.PausedUntil - _world.Now), Step);
            return;
        }

        _isRunning = true;
        while (_context.Step())
        {
        }

        _isRunning = false;
    }
}
