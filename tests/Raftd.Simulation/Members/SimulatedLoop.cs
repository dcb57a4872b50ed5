using Raftd.Node.Loops;

namespace Raftd.Simulation.Members;

/// <summary>Stands in for LoopThread: when a loop is woken it steps after a pause of the scheduler's choice, and it ticks at
/// its member's own rate.</summary>
internal sealed class SimulatedLoop(Incarnation owner, ILoop loop, int number, Func<long> pause, long tickInterval)
{
    private bool _isAwake;

    public void Start() => owner.After(pause() % tickInterval, Tick);

    public void Wake()
    {
        if (!_isAwake)
        {
            _isAwake = true;
            owner.After(pause(), Step);
        }
    }

    private void Step()
    {
        _isAwake = false;
        var more = false;
        owner.Run(number, () => more = loop.Step());
        if (more)
        {
            Wake();
        }
    }

    private void Tick()
    {
        owner.Run(number, loop.Tick);
        owner.After(tickInterval, Tick);
        Wake();
    }
}
