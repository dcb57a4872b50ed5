namespace Raftd.Node.Loops;

/// <summary>A state machine that a thread steps in the product and the simulator steps in its own order.</summary>
internal interface ILoop
{
    /// <summary>Does what there is to do now, and never waits.</summary>
    /// <returns>True when there may be more to do at once.</returns>
    bool Step();

    /// <summary>When something is due though nothing arrives, before the next tick: a timestamp of the injected time, null for
    /// never. Asked after each step, on the thread that steps.</summary>
    long? NextDeadline => null;

    /// <summary>Called about once per tick interval, on the thread that steps.</summary>
    void Tick();
}
