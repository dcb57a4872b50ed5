using Raftd.State.Loops;

namespace Raftd.State.Watch;

/// <summary>The hub of watches as a loop: it finds out who is concerned by what was applied, and reads history for those that
/// are behind, so that the applier does neither.</summary>
internal sealed class WatchLoop(WatchHub hub) : ILoop
{
    public WatchHub Hub => hub;

    /// <summary>Set by the owner of the loop: called when there is something to do.</summary>
    public Action Wake
    {
        set => hub.Wake = value;
    }

    public bool Step() => hub.Step();

    public void Tick() => hub.Tick();
}
